// What all pages share: the open model, the quantized models that are known, and where things are.
#pragma once

#include <QObject>
#include <QString>
#include <QStringList>
#include <optional>

#include "app/studio/children/result_child.h"
#include "app/studio/models/model_summary.h"
#include "app/studio/settings.h"

namespace qvlm::studio {

class Workbench : public QObject {
  Q_OBJECT
 public:
  /// `settings` outlives the workbench.
  Workbench(Places places, Settings& settings, QObject* parent = nullptr);

  const Places& places() const { return places_; }
  Settings& settings() { return settings_; }
  const std::optional<ModelSummary>& model() const { return model_; }
  bool opening() const { return inspect_.running(); }

  /// Asks `qvlm inspect`; answers with model_opened() or open_failed().
  void open(const QString& path);
  /// Full-precision models (the open one first), then quantized ones.
  QStringList models() const;
  void add_quantized(const QString& folder);
  /// The last evaluation of a model, "84.0 % of 100 questions"; empty where it was never evaluated here.
  QString accuracy_text(const QString& model) const;
  void note_accuracy(const QString& model, const QString& text);
  /// The last measured decoding speed, "63.5 tokens/s"; empty where it was never measured here.
  QString speed_text(const QString& model) const;
  void note_speed(const QString& model, const QString& text);
  /// The demo's pictures, by name; empty where the demo is not there.
  QStringList sample_pictures() const;
  /// A name of `data`/quantized/ that is free: "demo-w4a16-joint.qvlm".
  QString free_output(const QString& stem) const;

 Q_SIGNALS:
  void opening_started(const QString& path);
  void model_opened();
  void open_failed(const QString& message);
  void models_changed();

 private:
  Places places_;
  Settings& settings_;
  std::optional<ModelSummary> model_;
  QString opening_path_;
  ResultChild inspect_;
};

/// Whether a path looks like what open() takes: a checkpoint folder, a .qvlm folder, a GGUF file.
bool looks_like_model(const QString& path);

/// "demo" for /a/demo, "demo-w4a16" for /a/demo-w4a16.qvlm.
QString model_name(const QString& path);

/// Whether a path is a quantized model's, by its name: NAME.qvlm.
bool is_quantized(const QString& path);

/// A full-precision model runs on the reference, a quantized one on the engine.
QString usual_backend(const QString& path);

}  // namespace qvlm::studio
