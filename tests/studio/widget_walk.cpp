// Looks at widgets as a user meets them.
#include "tests/studio/widget_walk.h"

#include <QAbstractButton>
#include <QAbstractItemView>
#include <QAbstractScrollArea>
#include <QAbstractSpinBox>
#include <QCheckBox>
#include <QComboBox>
#include <QHash>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QScrollArea>
#include <QTabBar>
#include <QTextDocumentFragment>
#include <QTextEdit>
#include <QToolButton>
#include <cmath>
#include <set>

#include "app/studio/style/theme.h"

namespace qvlm::studio {

namespace {

bool is_part_of_another(const QWidget* widget) {
  const QWidget* parent = widget->parentWidget();
  return qobject_cast<const QComboBox*>(parent) || qobject_cast<const QAbstractSpinBox*>(parent) || qobject_cast<const QLineEdit*>(parent) ||
         qobject_cast<const QAbstractItemView*>(parent) || widget->objectName().startsWith(QLatin1String("qt_")) ||
         widget->inherits("QMenuBar") || widget->inherits("QComboBoxPrivateContainer");
}

bool is_control(const QWidget* widget) {
  return (qobject_cast<const QAbstractButton*>(widget) || qobject_cast<const QComboBox*>(widget) || qobject_cast<const QLineEdit*>(widget) ||
          qobject_cast<const QAbstractSpinBox*>(widget) || qobject_cast<const QAbstractItemView*>(widget) ||
          qobject_cast<const QPlainTextEdit*>(widget) || qobject_cast<const QTextEdit*>(widget) || widget->inherits("qvlm::studio::RibbonView")) &&
         !is_part_of_another(widget);
}

QString text_of(const QWidget* widget) {
  if (const auto* button = qobject_cast<const QAbstractButton*>(widget)) return button->text();
  if (const auto* label = qobject_cast<const QLabel*>(widget)) return label->text();
  return {};
}

QString name_of(const QWidget* widget) {
  return QStringLiteral("%1 %2 \"%3\"").arg(QLatin1String(widget->metaObject()->className()), widget->objectName(), text_of(widget).left(60));
}

/// Of the longest line.
int text_width(const QWidget* widget, const QString& text) {
  int width = 0;
  for (const QString& line : QString(text).remove(QLatin1Char('&')).split(QLatin1Char('\n')))
    width = std::max(width, widget->fontMetrics().horizontalAdvance(line));
  return width;
}

void look_at_button(const QAbstractButton* button, QStringList& list) {
  if (button->text().isEmpty()) return;
  const auto* tool = qobject_cast<const QToolButton*>(button);
  const bool icon_beside = !button->icon().isNull() && (!tool || tool->toolButtonStyle() == Qt::ToolButtonTextBesideIcon);
  const int margin = qobject_cast<const QCheckBox*>(button) ? 24 : qobject_cast<const QPushButton*>(button) ? 16 : 8;
  if (button->width() < text_width(button, button->text()) + margin + (icon_beside ? 20 : 0) || button->height() < button->fontMetrics().height())
    list << name_of(button) + QStringLiteral(": cut off");
}

void look_at_label(const QLabel* label, QStringList& list) {
  if (label->text().isEmpty() || !label->pixmap(Qt::ReturnByValue).isNull()) return;
  if (label->wordWrap()) {
    if (label->height() + 2 < label->heightForWidth(label->width())) list << name_of(label) + QStringLiteral(": too low");
    const QRect broken = label->fontMetrics().boundingRect(QRect(0, 0, label->width(), 100000), Qt::TextWordWrap, label->text());
    if (label->textFormat() == Qt::PlainText && broken.width() > label->width() + 1) list << name_of(label) + QStringLiteral(": a word is cut off");
    return;
  }
  int needed = text_width(label, label->text());
  if (label->textFormat() == Qt::RichText) needed = label->sizeHint().width();
  if (label->width() + 1 < needed) list << name_of(label) + QStringLiteral(": cut off");
  if (label->height() + 1 < label->fontMetrics().height()) list << name_of(label) + QStringLiteral(": too low");
}

/// A field whose text is the studio's own; names of models and paths are the user's, and their tool tips say them whole.
void look_at_field(const QWidget* field, QStringList& list) {
  QString text;
  int margin = 20;
  if (const auto* box = qobject_cast<const QComboBox*>(field); box && !box->property("elastic").toBool()) {
    text = box->currentText();
    margin = 30;
  } else if (const auto* number = qobject_cast<const QAbstractSpinBox*>(field)) {
    text = number->text();
  } else if (const auto* edit = qobject_cast<const QLineEdit*>(field); edit && edit->text().isEmpty()) {
    text = edit->placeholderText();
  }
  if (const auto* edit = qobject_cast<const QPlainTextEdit*>(field); edit && edit->toPlainText().isEmpty()) {
    const QRect room = edit->viewport()->rect().adjusted(4, 4, -4, 0);
    if (edit->fontMetrics().boundingRect(QRect(0, 0, room.width(), 100000), Qt::TextWordWrap, edit->placeholderText()).height() > room.height())
      list << name_of(field) + QStringLiteral(": \"%1\" is cut off").arg(edit->placeholderText());
  }
  if (!text.isEmpty() && field->width() < text_width(field, text) + margin) list << name_of(field) + QStringLiteral(": \"%1\" is cut off").arg(text);
}

void look_at_tabs(const QTabBar* bar, QStringList& list) {
  for (int i = 0; i < bar->count(); ++i) {
    if (bar->tabRect(i).width() < text_width(bar, bar->tabText(i)) + 8 || !bar->rect().contains(bar->tabRect(i)))
      list << QStringLiteral("tab \"%1\": cut off").arg(bar->tabText(i));
  }
}

void look_at_header(const QHeaderView* header, QStringList& list) {
  if (header->orientation() != Qt::Horizontal || header->model() == nullptr) return;
  for (int i = 0; i < header->count(); ++i) {
    const QString text = header->model()->headerData(i, Qt::Horizontal).toString();
    if (!header->isSectionHidden(i) && header->sectionSize(i) < text_width(header, text) + 8)
      list << QStringLiteral("column \"%1\" of %2: cut off").arg(text, name_of(header->parentWidget()));
    if (!header->isSectionHidden(i) && header->height() < (text.count(QLatin1Char('\n')) + 1) * header->fontMetrics().height())
      list << QStringLiteral("column \"%1\" of %2: too low").arg(text, name_of(header->parentWidget()));
  }
}

}  // namespace

QStringList widget_complaints(QWidget& window) {
  QStringList list;
  for (QWidget* widget : window.findChildren<QWidget*>()) {
    if (!widget->isVisible()) continue;
    if (is_control(widget)) {
      if (widget->accessibleName().isEmpty() && text_of(widget).isEmpty()) list << name_of(widget) + QStringLiteral(": no accessible name");
      if (widget->isEnabled() && !(widget->focusPolicy() & Qt::TabFocus)) list << name_of(widget) + QStringLiteral(": not reached by Tab");
    }
    if (const auto* button = qobject_cast<QAbstractButton*>(widget); button && !is_part_of_another(widget)) look_at_button(button, list);
    if (const auto* label = qobject_cast<QLabel*>(widget)) look_at_label(label, list);
    if (const auto* header = qobject_cast<QHeaderView*>(widget)) look_at_header(header, list);
    if (const auto* tabs = qobject_cast<QTabBar*>(widget)) look_at_tabs(tabs, list);
    if (is_control(widget)) look_at_field(widget, list);
    if (const auto* area = qobject_cast<QScrollArea*>(widget); area && area->widget() && !area->widget()->inherits("qvlm::studio::RibbonView")) {
      const int beyond = area->widget()->width() - area->viewport()->width();  // (the ribbon is zoomed)
      if (beyond > 0) list << QStringLiteral("%1 is wider by %2 pixels than what shows it").arg(name_of(area->widget())).arg(beyond);
    }
    // Nothing reaches out of what holds it, unless that is scrolled.
    const QWidget* parent = widget->parentWidget();
    if (parent && !text_of(widget).isEmpty() && !qobject_cast<const QAbstractScrollArea*>(parent->parentWidget()) && !parent->inherits("QAbstractScrollArea") &&
        !parent->rect().adjusted(-2, -2, 2, 2).contains(widget->geometry()))
      list << name_of(widget) + QStringLiteral(": reaches out of %1").arg(name_of(parent));
  }
  return list;
}

QStringList tab_order_complaints(QWidget& page) {
  QStringList list;
  std::vector<const QWidget*> order;
  const QWidget* widget = &page;
  do {
    if (page.isAncestorOf(widget) && widget->isVisible() && widget->isEnabled() && (widget->focusPolicy() & Qt::TabFocus) && is_control(widget))
      order.push_back(widget);
    widget = widget->nextInFocusChain();
  } while (widget != &page);
  const auto place = [&page](const QWidget* control) { return QRect(control->mapTo(&page, QPoint(0, 0)), control->size()); };
  for (size_t i = 0; i + 1 < order.size(); ++i) {
    const QRect here = place(order[i]), next = place(order[i + 1]);
    const bool same_column = next.left() < here.right() && next.right() > here.left();
    if (same_column && next.bottom() < here.top())
      list << QStringLiteral("Tab goes up from %1 to %2").arg(name_of(order[i]), name_of(order[i + 1]));
  }
  return list;
}

QStringList contrast_complaints(QWidget& window) {
  QStringList list;
  const QImage shown = window.grab().toImage().convertToFormat(QImage::Format_RGB32);
  const qreal ratio = shown.devicePixelRatio();
  for (const QWidget* widget : window.findChildren<QWidget*>()) {
    const bool text = !text_of(widget).isEmpty() && (!qobject_cast<const QLabel*>(widget) || qobject_cast<const QLabel*>(widget)->pixmap(Qt::ReturnByValue).isNull());
    if (!widget->isVisible() || !widget->isEnabled() || !text || widget->visibleRegion().isEmpty()) continue;
    if (const auto* label = qobject_cast<const QLabel*>(widget);
        label && QTextDocumentFragment::fromHtml(label->text()).toPlainText().trimmed().isEmpty())
      continue;  // nothing is written
    // What is scrolled away, or behind another, is not painted.
    const QRect seen = widget->visibleRegion().boundingRect();
    if (seen != widget->rect() || seen.width() < 12 || seen.height() < widget->fontMetrics().height() - 2) continue;
    const QPoint corner = widget->mapTo(&window, seen.topLeft());
    const QRect pixels(int(corner.x() * ratio), int(corner.y() * ratio), int(seen.width() * ratio), int(seen.height() * ratio));
    QHash<QRgb, int> counts;
    QRect inside = pixels.adjusted(3, 3, -3, -3) & shown.rect();  // without the border
    for (int y = inside.top(); y <= inside.bottom(); ++y) {
      for (int x = inside.left(); x <= inside.right(); ++x) ++counts[shown.pixel(x, y)];
    }
    QRgb ground = 0;
    int most = 0;
    for (auto at = counts.begin(); at != counts.end(); ++at) {
      if (at.value() > most) {
        most = at.value();
        ground = at.key();
      }
    }
    double best = 1;
    for (auto at = counts.begin(); at != counts.end(); ++at) best = std::max(best, contrast_ratio(QColor(at.key()), QColor(ground)));
    if (best < 4.5) list << QStringLiteral("%1: contrast %2 on %3").arg(name_of(widget)).arg(best, 0, 'f', 2).arg(QColor(ground).name());
  }
  return list;
}

}  // namespace qvlm::studio
