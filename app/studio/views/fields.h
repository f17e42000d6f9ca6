// Two composite fields: a path with a button that browses, and the choice of a model with what runs it.
#pragma once

#include <QWidget>

#include "app/studio/children/chat_child.h"

class QComboBox;
class QLineEdit;
class QPushButton;

namespace qvlm::studio {

class Workbench;

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
  QComboBox* models() { return models_; }
  QComboBox* backends() { return backends_; }

 Q_SIGNALS:
  void changed();

 private:
  void refill();
  Workbench& workbench_;
  QComboBox* models_;
  QComboBox* backends_;
};

}  // namespace qvlm::studio
