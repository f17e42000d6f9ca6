// What this program is, and where it runs.
#pragma once

#include <QDialog>

namespace qvlm::studio {

class Theme;

class AboutDialog : public QDialog {
  Q_OBJECT
 public:
  explicit AboutDialog(const Theme& theme, QWidget* parent = nullptr);
};

}  // namespace qvlm::studio
