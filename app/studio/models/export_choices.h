// What `qvlm export --check` and `qvlm fit` say about a model, as the rows of the export page's tables.
#pragma once

#include <QJsonObject>
#include <QMap>
#include <QObject>
#include <QString>
#include <QStringList>

#include "app/studio/models/text_table_model.h"

namespace qvlm::studio {

class ExportChoices : public QObject {
  Q_OBJECT
 public:
  enum FormatColumn { FORMAT, PROGRAMS, SIZE, VERDICT, FORMAT_COLUMNS };
  enum TensorColumn { TENSOR, EXACTNESS, STORED, ERROR, REASON, TENSOR_COLUMNS };
  enum DeviceColumn { DEVICE, USABLE, FITS, CONTEXT, SPEED, BASIS, DEVICE_COLUMNS };

  explicit ExportChoices(QObject* parent = nullptr);
  TextTableModel* formats() { return &formats_; }
  TextTableModel* tensors() { return &tensors_; }
  TextTableModel* devices() { return &devices_; }

  /// The formats' keys in the order of the rows: what --to takes.
  static QStringList keys();
  void clear();
  /// TensorChecked and ExportChecked. Tensors stand in the order inexact, packed, float.
  void take_check(const QJsonObject& line);
  void take_fit(const QJsonObject& result);
  /// The tensors of this format are shown.
  void show_format(const QString& key);

  /// The format can be written: exactly, or on request.
  bool checked(const QString& key) const { return checked_.contains(key); }
  bool possible(const QString& key) const;
  bool inexact(const QString& key) const;
  /// "29.4 MB at 2048 positions: ..."
  const QString& memory() const { return memory_; }
  int model_context() const { return model_context_; }
  /// Whether a device is written as `qvlm fit --device` takes it: NAME:GiB:GB/s, with positive numbers; the name may hold colons.
  static bool is_device(const QString& text);

 private:
  QStringList format_row(const QString& key) const;
  void refill_formats();

  TextTableModel formats_, tensors_, devices_;
  QMap<QString, QJsonObject> checked_;
  QMap<QString, std::vector<QStringList>> verdicts_;
  QString shown_, memory_;
  int model_context_ = 0;
};

}  // namespace qvlm::studio
