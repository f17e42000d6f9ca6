// Actions tell their own keys; those that views handle themselves stand here.
#include "app/studio/views/shortcut_sheet.h"

#include <QAction>
#include <QGridLayout>
#include <QKeySequence>
#include <QLabel>
#include <QPushButton>
#include <QScrollArea>
#include <QVBoxLayout>

#include "app/studio/style/theme.h"
#include "app/studio/views/widgets.h"

namespace qvlm::studio {

namespace {

QString native(const QKeySequence& keys) {
  return keys.toString(QKeySequence::NativeText);
}

}  // namespace

std::vector<ShortcutGroup> shortcut_groups(const QList<QAction*>& actions) {
  std::vector<ShortcutGroup> groups;
  ShortcutGroup everywhere{ShortcutSheet::tr("Everywhere"), {}};
  for (const QAction* action : actions) {
    if (action->shortcut().isEmpty()) continue;
    everywhere.shortcuts.push_back({native(action->shortcut()), action->text().remove(QLatin1Char('&'))});
  }
  everywhere.shortcuts.push_back({native(Qt::Key_Tab), ShortcutSheet::tr("The next control; with Shift the one before")});
  groups.push_back(std::move(everywhere));
  groups.push_back({ShortcutSheet::tr("Block ribbon"),
                    {{native(Qt::Key_Left) + QLatin1Char(' ') + native(Qt::Key_Right), ShortcutSheet::tr("Select a site")},
                     {native(Qt::Key_Home) + QLatin1Char(' ') + native(Qt::Key_End), ShortcutSheet::tr("The first or the last site")},
                     {native(Qt::CTRL | Qt::Key_Left) + QLatin1Char(' ') + native(Qt::CTRL | Qt::Key_Right), ShortcutSheet::tr("Move the block's border")},
                     {native(Qt::Key_S), ShortcutSheet::tr("Split the block behind the selected site")},
                     {native(Qt::Key_M), ShortcutSheet::tr("Merge the block with the next one")},
                     {native(Qt::Key_L), ShortcutSheet::tr("Lock or unlock the block")},
                     {native(Qt::CTRL | Qt::Key_Z), ShortcutSheet::tr("Undo")},
                     {native(Qt::CTRL | Qt::SHIFT | Qt::Key_Z), ShortcutSheet::tr("Redo")},
                     {native(Qt::Key_Plus) + QLatin1Char(' ') + native(Qt::Key_Minus), ShortcutSheet::tr("Zoom in or out")}}});
  groups.push_back({ShortcutSheet::tr("Chat"),
                    {{native(Qt::Key_Return), ShortcutSheet::tr("Send the question")},
                     {native(Qt::SHIFT | Qt::Key_Return), ShortcutSheet::tr("A new line")},
                     {native(QKeySequence(QKeySequence::Paste)), ShortcutSheet::tr("Paste text, a picture or picture files")},
                     {native(Qt::CTRL | Qt::Key_I), ShortcutSheet::tr("Attach pictures")},
                     {native(Qt::CTRL | Qt::SHIFT | Qt::Key_S), ShortcutSheet::tr("Attach a screenshot")},
                     {native(Qt::Key_Escape), ShortcutSheet::tr("Give up changing an earlier question")}}});
  return groups;
}

ShortcutSheet::ShortcutSheet(const std::vector<ShortcutGroup>& groups, QWidget* parent) : QDialog(parent) {
  setWindowTitle(tr("Keyboard shortcuts"));
  setAttribute(Qt::WA_DeleteOnClose);
  auto* column = new QVBoxLayout(this);
  auto* scroll = new QScrollArea(this);
  scroll->setWidgetResizable(true);
  scroll->setFrameShape(QFrame::NoFrame);
  scroll->setAccessibleName(windowTitle());
  auto* inside = new QWidget(scroll);
  inside->setObjectName(QStringLiteral("transparent"));
  auto* grid = new QGridLayout(inside);
  grid->setContentsMargins(kUnit, kUnit, 2 * kUnit, kUnit);
  grid->setHorizontalSpacing(3 * kUnit);
  grid->setVerticalSpacing(6);
  grid->setColumnStretch(1, 1);
  int row = 0;
  for (const ShortcutGroup& group : groups) {
    auto* title = new QLabel(group.title, inside);
    title->setObjectName(QStringLiteral("card_title"));
    if (row > 0) grid->setRowMinimumHeight(row++, kUnit);
    grid->addWidget(title, row++, 0, 1, 2);
    for (const Shortcut& shortcut : group.shortcuts) {
      auto* keys = badge(shortcut.keys, "plain", inside);
      keys->setTextFormat(Qt::PlainText);
      auto* does = new QLabel(shortcut.does, inside);
      does->setTextFormat(Qt::PlainText);
      grid->addWidget(keys, row, 0, Qt::AlignLeft);
      grid->addWidget(does, row++, 1);
    }
  }
  scroll->setWidget(inside);
  column->addWidget(scroll, 1);
  auto* close = new QPushButton(tr("Close"), this);
  close->setAccessibleName(close->text());
  close->setDefault(true);
  column->addWidget(close, 0, Qt::AlignRight);
  connect(close, &QPushButton::clicked, this, &QDialog::accept);
  // As wide as the texts are in the sheet's own fonts, with a scroll bar beside them.
  for (QWidget* text : inside->findChildren<QWidget*>()) text->ensurePolished();
  scroll->setMinimumWidth(inside->sizeHint().width() + 3 * kUnit);
  resize(inside->sizeHint().width() + 6 * kUnit, std::min(620, inside->sizeHint().height() + 10 * kUnit));
}

}  // namespace qvlm::studio
