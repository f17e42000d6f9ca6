// Fences by hand; the prose between them by Qt's Markdown reader.
#include "app/studio/models/markdown_parts.h"

#include <QFont>
#include <QRegularExpression>
#include <QStringList>
#include <QTextBlock>
#include <QTextCursor>
#include <QTextDocument>

namespace qvlm::studio {

std::vector<MarkdownPart> split_markdown(const QString& text) {
  static const QRegularExpression opening(QStringLiteral("^ {0,3}(`{3,}|~{3,})[ \\t]*([^\\s`]*)[^`]*$"));
  std::vector<MarkdownPart> parts;
  MarkdownPart part;
  QStringList lines;
  QString fence;
  const auto close = [&] {
    part.text = lines.join(QLatin1Char('\n'));
    if (part.code || !part.text.trimmed().isEmpty()) parts.push_back(part);
    part = {};
    lines.clear();
  };
  for (const QString& line : text.split(QLatin1Char('\n'))) {
    if (fence.isEmpty()) {
      const QRegularExpressionMatch match = opening.match(line);
      if (!match.hasMatch()) {
        lines << line;
        continue;
      }
      close();
      fence = match.captured(1);
      part.code = true;
      part.language = match.captured(2);
    } else {
      const QString bare = line.trimmed();
      const bool closes = bare.size() >= fence.size() && bare.count(fence.at(0)) == bare.size();
      if (!closes) {
        lines << line;
        continue;
      }
      close();
      fence.clear();
    }
  }
  if (part.code || !lines.isEmpty()) close();
  return parts;
}

QString prose_to_html(const QString& markdown, const QString& family, double points) {
  QStringList lines = markdown.trimmed().split(QLatin1Char('\n'));
  for (qsizetype i = 0; i + 1 < lines.size(); ++i) {
    // Two blanks at the end of a line keep its break.
    if (!lines[i].trimmed().isEmpty() && !lines[i + 1].trimmed().isEmpty()) lines[i] += QLatin1String("  ");
  }
  QTextDocument document;
  QFont font(family);
  font.setPointSizeF(points);
  document.setDefaultFont(font);
  document.setMarkdown(
      lines.join(QLatin1Char('\n')),
      QTextDocument::MarkdownFeatures(QTextDocument::MarkdownDialectGitHub) | QTextDocument::MarkdownNoHTML);
  for (QTextCursor found = document.find(QString(QChar::ObjectReplacementCharacter)); !found.isNull();
       found = document.find(QString(QChar::ObjectReplacementCharacter), found)) {
    const QString description = found.charFormat().property(QTextFormat::ImageAltText).toString();
    found.insertText(QLatin1Char('[') + description + QLatin1Char(']'), QTextCharFormat());
  }
  // Headings of an answer are no headings of the page.
  for (QTextBlock block = document.begin(); block.isValid(); block = block.next()) {
    if (block.blockFormat().headingLevel() == 0) continue;
    QTextCursor cursor(block);
    cursor.select(QTextCursor::BlockUnderCursor);
    QTextCharFormat format;
    format.setProperty(QTextFormat::FontSizeAdjustment, block.blockFormat().headingLevel() <= 2 ? 1 : 0);
    format.setFontWeight(QFont::DemiBold);
    cursor.mergeCharFormat(format);
  }
  // The box around the answer has its own margins.
  const auto set_margin = [](const QTextBlock& block, bool top) {
    QTextBlockFormat format;
    top ? format.setTopMargin(0) : format.setBottomMargin(0);
    QTextCursor(block).mergeBlockFormat(format);
  };
  set_margin(document.firstBlock(), true);
  set_margin(document.lastBlock(), false);
  return document.toHtml();
}

}  // namespace qvlm::studio
