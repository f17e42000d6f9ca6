// An answer's Markdown cut into prose and code blocks, so that code gets a box of its own with a button that copies.
#pragma once

#include <QString>
#include <vector>

namespace qvlm::studio {

struct MarkdownPart {
  bool code = false;
  QString language;  // of code: the first word behind the fence; may be empty
  QString text;      // without the fences; prose is Markdown still
  bool operator==(const MarkdownPart&) const = default;
};

/// Fenced blocks by CommonMark 4.5 (``` or ~~~, up to three spaces before). A fence that is not closed yet, as while an
/// answer streams, reaches to the end. Parts that hold only blanks are left out.
std::vector<MarkdownPart> split_markdown(const QString& text);

/// Prose as HTML for a label: no HTML of the model's passes, and pictures become their description, so that an answer
/// can neither style the window nor make it read files. Single line breaks stay, as models write them.
QString prose_to_html(const QString& markdown, const QString& family, double points);

}  // namespace qvlm::studio
