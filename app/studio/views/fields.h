// Fields for what the user names: a box whose names may be long, a path with a button that browses, the choice of a model with what runs it.
#pragma once

#include <QComboBox>
#include <QWidget>

#include "app/studio/children/chat_child.h"

class QLineEdit;
class QPushButton;

namespace qvlm::studio {

class Workbench;

/// Its texts are the user's: elided in the middle, where there is no room, for names part at both ends. The list is as wide as they are, and the
/// tool tip says the chosen one whole.
class NameBox : public QComboBox {
  Q_OBJECT
 public:
  explicit NameBox(QWidget* parent = nullptr);
  /// `tip`: beneath the name in the tool tip, a path; empty: nothing.
  void add(const QString& name, const QVariant& data, const QString& tip = {});
  /// The chosen name and its tip, then what the box is for, if toolTip() says that.
  QString whole_tip() const;
  void showPopup() override;

 protected:
  bool event(QEvent* event) override;
  void paintEvent(QPaintEvent* event) override;
};

/// "demo-w4a16 (quantized)", "demo (full precision)".
QString model_caption(const QString& path);

class PathField : public QWidget {
  Q_OBJECT
 public:
  enum class Kind { FOLDER, FILE_OR_FOLDER, NEW_FOLDER };
  PathField(Kind kind, const QString& name, QWidget* parent = nullptr);
  QString path() const;
  void set_path(const QString& path);
  QLineEdit* edit() { return edit_; }

 Q_SIGNALS:
  void changed();

 private:
  void browse();
  Kind kind_;
  QString name_;
  QLineEdit* edit_;
};

/// Models of the workbench, and Vulkan or the reference.
class ModelPicker : public QWidget {
  Q_OBJECT
 public:
  explicit ModelPicker(Workbench& workbench, QWidget* parent = nullptr);
  ChatModelChoice choice() const;
  void choose(const ChatModelChoice& choice);
  NameBox* models() { return models_; }
  QComboBox* backends() { return backends_; }

 Q_SIGNALS:
  void changed();

 private:
  void refill();
  Workbench& workbench_;
  NameBox* models_;
  QComboBox* backends_;
};

}  // namespace qvlm::studio
