// One checkable button a workspace.
#include "app/studio/rail.h"

#include <QToolButton>
#include <QVBoxLayout>
#include <algorithm>

#include "app/studio/style/icons.h"
#include "app/studio/style/theme.h"

namespace qvlm::studio {

namespace {

constexpr const char* kIcons[kWorkspaces] = {"model", "quantize", "runs", "evaluate", "chat", "compare", "export"};

}  // namespace

QString name_of(Workspace workspace) {
  switch (workspace) {
    case Workspace::MODEL:
      return Rail::tr("Model");
    case Workspace::QUANTIZE:
      return Rail::tr("Quantize");
    case Workspace::RUNS:
      return Rail::tr("Runs");
    case Workspace::EVALUATE:
      return Rail::tr("Evaluate");
    case Workspace::CHAT:
      return Rail::tr("Chat");
    case Workspace::COMPARE:
      return Rail::tr("Compare");
    case Workspace::EXPORT:
      return Rail::tr("Export");
  }
  return {};
}

Rail::Rail(const Theme& theme, QWidget* parent) : QWidget(parent), theme_(theme) {
  setObjectName(QStringLiteral("rail"));
  setAttribute(Qt::WA_StyledBackground);
  setAccessibleName(tr("Workspaces"));
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(6, 2 * kUnit, 6, kUnit);
  column->setSpacing(6);
  const auto make = [this](const QString& name) {
    auto* button = new QToolButton(this);
    button->setText(name);
    button->setAccessibleName(name);
    button->setToolButtonStyle(Qt::ToolButtonTextUnderIcon);
    button->setIconSize({26, 26});
    button->setFocusPolicy(Qt::StrongFocus);
    return button;
  };
  for (int i = 0; i < kWorkspaces; ++i) {
    QToolButton* button = make(name_of(static_cast<Workspace>(i)));
    button->setCheckable(true);
    button->setToolTip(tr("%1 (Ctrl+%2)").arg(button->text()).arg(i + 1));
    // Not an exclusive group: Qt would let only its checked button have the focus by Tab.
    connect(button, &QToolButton::clicked, this, [this, i] {
      set_current(static_cast<Workspace>(i));
      Q_EMIT chosen(static_cast<Workspace>(i));
    });
    column->addWidget(button);
    buttons_.push_back(button);
  }
  column->addStretch(1);
  theme_button_ = make(tr("Theme"));
  theme_button_->setToolTip(tr("Light, dark, high contrast, or as the system has it"));
  theme_button_->setPopupMode(QToolButton::InstantPopup);
  column->addWidget(theme_button_);
  connect(&theme_, &Theme::changed, this, &Rail::restyle);
  restyle();
}

void Rail::restyle() {
  // Wide enough for the longest word in the language of the window.
  QFont font = this->font();
  font.setPointSizeF(0.9 * font.pointSizeF());
  font.setWeight(QFont::DemiBold);
  int width = theme_.scaled(79);
  std::vector<QToolButton*> all = buttons_;
  all.push_back(theme_button_);
  for (const QToolButton* button : all) width = std::max(width, QFontMetrics(font).horizontalAdvance(button->text()) + 16);
  for (QToolButton* button : all) button->setFixedSize(width, theme_.scaled(20) + 42);
  setFixedWidth(width + 13);
  for (int i = 0; i < kWorkspaces; ++i)
    buttons_[static_cast<size_t>(i)]->setIcon(icon(QLatin1String(kIcons[i]), theme_.colors(), 26));
  theme_button_->setIcon(icon(QStringLiteral("theme"), theme_.colors(), 26));
}

void Rail::set_current(Workspace workspace) {
  for (int i = 0; i < kWorkspaces; ++i) buttons_[static_cast<size_t>(i)]->setChecked(i == static_cast<int>(workspace));
}

}  // namespace qvlm::studio
