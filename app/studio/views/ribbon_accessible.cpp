// QAccessibleInterface of the ribbon and of each of its blocks.
#include "app/studio/views/ribbon_accessible.h"

#include <QAccessible>
#include <QAccessibleWidget>
#include <QCoreApplication>
#include <QPointer>
#include <vector>

#include "app/studio/models/ribbon_model.h"
#include "app/studio/views/ribbon_view.h"

namespace qvlm::studio {

namespace {

class AccessibleBlock : public QAccessibleInterface {
 public:
  AccessibleBlock(RibbonView* view, int block) : view_(view), block_(block) {}
  bool isValid() const override { return view_ && block_ < static_cast<int>(view_->model().partition().blocks.size()); }
  QObject* object() const override { return nullptr; }
  QAccessibleInterface* parent() const override { return QAccessible::queryAccessibleInterface(view_); }
  QAccessibleInterface* child(int) const override { return nullptr; }
  QAccessibleInterface* childAt(int, int) const override { return nullptr; }
  int childCount() const override { return 0; }
  int indexOfChild(const QAccessibleInterface*) const override { return -1; }
  QString text(QAccessible::Text kind) const override {
    if (!isValid()) return {};
    if (kind == QAccessible::Name) return view_->model().describe_block(block_);
    if (kind == QAccessible::Description) {
      return view_->model().describe_site(view_->model().partition().blocks[static_cast<size_t>(block_)].first);
    }
    return {};
  }
  void setText(QAccessible::Text, const QString&) override {}
  QRect rect() const override {
    if (!isValid()) return {};
    const QRect local = view_->block_rect(block_);
    return {view_->mapToGlobal(local.topLeft()), local.size()};
  }
  QAccessible::Role role() const override { return QAccessible::ListItem; }
  QAccessible::State state() const override {
    QAccessible::State state;
    if (!isValid()) {
      state.invalid = true;
      return state;
    }
    state.focusable = state.selectable = true;
    state.selected = view_->model().selected_block() == block_;
    state.focused = state.selected && view_->hasFocus();
    return state;
  }

 private:
  QPointer<RibbonView> view_;
  int block_;
};

class AccessibleRibbon : public QAccessibleWidget {
 public:
  explicit AccessibleRibbon(RibbonView* view) : QAccessibleWidget(view, QAccessible::List), view_(view) {}
  ~AccessibleRibbon() override {
    for (const QAccessible::Id id : children_) QAccessible::deleteAccessibleInterface(id);
  }
  int childCount() const override { return static_cast<int>(view_->model().partition().blocks.size()); }
  QAccessibleInterface* child(int index) const override {
    if (index < 0 || index >= childCount()) return nullptr;
    while (static_cast<int>(children_.size()) <= index) {
      children_.push_back(
          QAccessible::registerAccessibleInterface(new AccessibleBlock(view_, static_cast<int>(children_.size()))));
    }
    return QAccessible::accessibleInterface(children_[static_cast<size_t>(index)]);
  }
  int indexOfChild(const QAccessibleInterface* child) const override {
    for (size_t i = 0; i < children_.size(); ++i) {
      if (QAccessible::accessibleInterface(children_[i]) == child) return static_cast<int>(i);
    }
    return -1;
  }
  QAccessibleInterface* childAt(int x, int y) const override {
    for (int i = 0; i < childCount(); ++i) {
      if (child(i)->rect().contains(x, y)) return child(i);
    }
    return nullptr;
  }
  QAccessibleInterface* focusChild() const override {
    return view_->hasFocus() ? child(view_->model().selected_block()) : nullptr;
  }

 private:
  RibbonView* view_;
  mutable std::vector<QAccessible::Id> children_;
};

QAccessibleInterface* make_interface(const QString& class_name, QObject* object) {
  if (class_name != QLatin1String("qvlm::studio::RibbonView")) return nullptr;
  return new AccessibleRibbon(static_cast<RibbonView*>(object));
}

}  // namespace

void install_ribbon_accessibility() {
  QAccessible::installFactory(make_interface);
}  // Qt keeps one of equal factories

}  // namespace qvlm::studio
