// An answer as the tokens that it came in, each on a ground that tells how sure the model was.
#pragma once

#include <QTextEdit>
#include <QWidget>
#include <vector>

#include "app/studio/models/chat_model.h"

class QLabel;

namespace qvlm::studio {

class Theme;

/// "“ red” 62.1 %   ·   “ blue” 20.4 %   ·   ...": a token's probability and those of the likeliest.
QString choices_text(const TokenShare& token);

/// Hovering over a token shows the others that could have come; so does moving the caret onto it.
class TokenView : public QWidget {
  Q_OBJECT
 public:
  explicit TokenView(const Theme& theme, QWidget* parent = nullptr);
  void set_tokens(const std::vector<TokenShare>& tokens);
  QTextEdit* edit() { return edit_; }
  QLabel* words() { return words_; }

 private:
  void show_tokens();
  void fit_height();
  void resizeEvent(QResizeEvent* event) override;
  void showEvent(QShowEvent* event) override;
  const Theme& theme_;
  std::vector<TokenShare> tokens_;
  bool stale_ = false;  // tokens_ are not in edit_ yet
  QTextEdit* edit_;
  QLabel* words_;
};

}  // namespace qvlm::studio
