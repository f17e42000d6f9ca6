// The rail of workspaces at the window's left edge.
#pragma once

#include <QWidget>
#include <vector>

class QToolButton;

namespace qvlm::studio {

class Theme;

enum class Workspace { MODEL = 0, QUANTIZE, RUNS, EVALUATE, CHAT, COMPARE, EXPORT };
inline constexpr int kWorkspaces = 7;
QString name_of(Workspace workspace);  // as the user reads it

class Rail : public QWidget {
  Q_OBJECT
 public:
  explicit Rail(const Theme& theme, QWidget* parent = nullptr);
  void set_current(Workspace workspace);
  QToolButton* button(Workspace workspace) { return buttons_.at(static_cast<size_t>(workspace)); }
  /// At the bottom; for the theme.
  QToolButton* theme_button() { return theme_button_; }

 Q_SIGNALS:
  void chosen(qvlm::studio::Workspace workspace);

 private:
  void restyle();
  const Theme& theme_;
  std::vector<QToolButton*> buttons_;
  QToolButton* theme_button_;
};

}  // namespace qvlm::studio
