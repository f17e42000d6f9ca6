// Every key of the studio on one sheet.
#pragma once

#include <QDialog>
#include <QString>
#include <vector>

class QAction;

namespace qvlm::studio {

struct Shortcut {
  QString keys;  // as the system writes them
  QString does;
};
struct ShortcutGroup {
  QString title;
  std::vector<Shortcut> shortcuts;
};

/// Those of `actions` that have keys, and those of the views.
std::vector<ShortcutGroup> shortcut_groups(const QList<QAction*>& actions);

class ShortcutSheet : public QDialog {
  Q_OBJECT
 public:
  explicit ShortcutSheet(const std::vector<ShortcutGroup>& groups, QWidget* parent = nullptr);
};

}  // namespace qvlm::studio
