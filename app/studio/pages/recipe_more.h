// The recipe's finer keys as a form that opens beneath the main one: a row a key, each with what it does and where it counts.
#pragma once

#include <QWidget>
#include <functional>
#include <vector>

#include "core/run/recipe.h"

class QLabel;

namespace qvlm::studio {

class FlowLayout;

class RecipeMore : public QWidget {
  Q_OBJECT
 public:
  explicit RecipeMore(QWidget* parent = nullptr);
  /// Writes the fields into a recipe; every other key stays.
  void fill(Recipe& recipe) const;
  void show_recipe(const Recipe& recipe);
  /// Fields that do not count with this recipe are greyed out.
  void grey_out(const Recipe& recipe);
  /// By the recipe's key, for tests and for messages; nullptr where there is none.
  QWidget* field(const QString& key) const;

 Q_SIGNALS:
  void changed();

 private:
  struct Field {
    QString key;
    QWidget* box;     // with its caption
    QWidget* editor;
    std::function<void(Recipe&)> write;
    std::function<void(const Recipe&)> read;
    std::function<bool(const Recipe&)> counts;
  };
  using Counts = std::function<bool(const Recipe&)>;
  void heading(const QString& text);
  void place(Field field, const QString& caption, const QString& tip);
  template <class T>
  void number(T Recipe::*member, const QString& key, const QString& caption, const QString& tip, double low, double high, int decimals, Counts counts = {});
  template <class E>
  void choice(E Recipe::*member, const QString& key, const QString& caption, const QString& tip, const QList<std::pair<QString, E>>& items, Counts counts = {});
  void flag(bool Recipe::*member, const QString& key, const QString& caption, const QString& tip, Counts counts = {});
  void add_weights();
  void add_partition();
  void add_search();
  void add_vision();

  FlowLayout* flow_;
  std::vector<Field> fields_;
};

}  // namespace qvlm::studio
