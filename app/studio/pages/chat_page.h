// Workspace Chat: talk to a model about pictures.
#pragma once

#include <QWidget>
#include <memory>

class QCheckBox;
class QComboBox;
class QLabel;
class QLineEdit;
class QListWidget;
class QPlainTextEdit;
class QPushButton;
class QSpinBox;
class QDoubleSpinBox;
class QToolButton;

namespace qvlm::studio {

class Banner;
class ChatController;
class ChatView;
class Composer;
class History;
class ModelPicker;
class SeenStrip;
class Theme;
class Workbench;
struct ChatModelChoice;

class ChatPage : public QWidget {
  Q_OBJECT
 public:
  ChatPage(Workbench& workbench, History& history, const Theme& theme, QWidget* parent = nullptr);

  ChatController& controller() { return *chat_; }
  ChatView* view() { return view_; }
  Composer* composer() { return composer_; }
  QPushButton* load_button() { return load_; }
  QPushButton* new_button() { return new_; }
  QPushButton* regenerate_button() { return regenerate_; }
  QListWidget* history_list() { return list_; }
  QLineEdit* history_search() { return search_; }
  ModelPicker* picker() { return picker_; }
  Banner* banner() { return banner_; }
  QLabel* status_strip() { return status_; }
  SeenStrip* seen_strip() { return seen_; }
  QPlainTextEdit* system_prompt() { return system_; }
  QToolButton* sampling_button() { return sampling_; }
  QComboBox* kv_box() { return kv_; }

  /// Chooses and loads.
  void use_model(const ChatModelChoice& choice);
  void prepare_question(const QString& question, const QStringList& images);

 protected:
  void dragEnterEvent(QDragEnterEvent* event) override;
  void dropEvent(QDropEvent* event) override;

 private:
  QWidget* build_side();
  QWidget* build_top();
  QWidget* build_status();
  QWidget* sampling_panel();
  void refill_history();
  void leave_edit();
  void refresh();
  void show_seen();
  void apply_sampling();
  void open_last_chat();
  void watch_power();
  void restyle();

  Workbench& workbench_;
  History& history_;
  const Theme& theme_;
  ChatController* chat_;
  QPushButton *new_, *load_, *regenerate_, *delete_;
  QToolButton* sampling_;
  QListWidget* list_;
  QLineEdit* search_;
  ModelPicker* picker_;
  Banner* banner_;
  ChatView* view_;
  Composer* composer_;
  SeenStrip* seen_;
  QWidget* side_;
  QLabel *status_, *state_;
  QDoubleSpinBox *temperature_, *top_p_;
  QSpinBox *max_tokens_, *seed_;
  QPlainTextEdit* system_;
  QCheckBox* probabilities_;
  QComboBox* kv_;
  bool offers_reference_ = false;
  int edited_row_ = -1;  // of the question that the composer changes
};

}  // namespace qvlm::studio
