// One form.
#include "app/studio/views/settings_dialog.h"

#include <QComboBox>
#include <QLabel>
#include <QLocale>
#include <QPushButton>
#include <QVBoxLayout>
#include <algorithm>
#include <cmath>

#include "app/studio/language.h"
#include "app/studio/models/device_list.h"
#include "app/studio/models/model_summary.h"
#include "app/studio/models/workbench.h"
#include "app/studio/style/theme.h"
#include "app/studio/views/widgets.h"

namespace qvlm::studio {

namespace {

constexpr double kSizes[] = {1, 1.1, 1.25, 1.5, 2};

}  // namespace

std::vector<std::pair<int, QString>> theme_names() {
  return {{int(ThemeChoice::SYSTEM), SettingsDialog::tr("As the system")},
          {int(ThemeChoice::LIGHT), SettingsDialog::tr("Light")},
          {int(ThemeChoice::DARK), SettingsDialog::tr("Dark")},
          {int(ThemeChoice::HIGH_CONTRAST), SettingsDialog::tr("High contrast")}};
}

SettingsDialog::SettingsDialog(Workbench& workbench, Theme& theme, QWidget* parent)
    : QDialog(parent),
      workbench_(workbench),
      list_(new DeviceList(workbench.places().command, this)),
      themes_(new QComboBox(this)),
      sizes_(new QComboBox(this)),
      languages_(new QComboBox(this)),
      devices_(new QComboBox(this)),
      device_note_(muted_label({}, this)),
      language_note_(muted_label(tr("The language changes when the window is made anew. A run that is going is asked about first."), this)),
      measure_(new QPushButton(tr("Measure the bandwidth"), this)),
      start_again_(new QPushButton(tr("Make the window anew"), this)) {
  setWindowTitle(tr("Settings"));
  setAttribute(Qt::WA_DeleteOnClose);
  Settings& settings = workbench.settings();
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(3 * kUnit, 2 * kUnit, 3 * kUnit, 2 * kUnit);
  column->setSpacing(kUnit + 2);
  const auto row = [&](const QString& caption, QComboBox* field) {
    field->setMinimumContentsLength(22);
    column->addWidget(labelled(caption, field, this));
  };
  row(tr("Theme"), themes_);
  row(tr("Text size"), sizes_);
  row(tr("Language"), languages_);
  column->addWidget(language_note_);
  start_again_->setAccessibleName(start_again_->text());
  column->addWidget(start_again_, 0, Qt::AlignLeft);
  row(tr("Vulkan device"), devices_);
  column->addWidget(device_note_);
  measure_->setAccessibleName(tr("Measure the read bandwidth of every device"));
  measure_->setToolTip(tr("Reading the weights is what decoding waits for: bandwidth over their size is the most tokens/s there can be."));
  column->addWidget(measure_, 0, Qt::AlignLeft);
  auto* data = muted_label(tr("Chats, pictures and quantized models are kept in %1").arg(workbench.places().data), this);
  data->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
  data->setAccessibleName(tr("Where data is kept"));
  column->addWidget(data);
  column->addStretch(1);
  auto* close = new QPushButton(tr("Close"), this);
  close->setAccessibleName(close->text());
  close->setDefault(true);
  column->addWidget(close, 0, Qt::AlignRight);

  for (const auto& [choice, name] : theme_names()) themes_->addItem(name, choice);
  themes_->setCurrentIndex(themes_->findData(int(theme.choice())));
  for (const double size : kSizes) sizes_->addItem(tr("%1 %").arg(std::lround(100 * size)), size);
  for (int i = 0; i < sizes_->count(); ++i) {
    if (std::abs(sizes_->itemData(i).toDouble() - theme.font_scale()) < 0.01) sizes_->setCurrentIndex(i);
  }
  languages_->addItem(tr("As the system"), QString());
  for (const Language& language : qvlm::studio::languages()) languages_->addItem(language.name, language.code);
  languages_->setCurrentIndex(std::max(0, languages_->findData(settings.language())));
  start_again_->setEnabled(false);

  connect(themes_, &QComboBox::currentIndexChanged, this, [this, &theme] {
    const auto choice = static_cast<ThemeChoice>(themes_->currentData().toInt());
    theme.set_choice(choice);
    workbench_.settings().set_theme(choice);
  });
  connect(sizes_, &QComboBox::currentIndexChanged, this, [this, &theme] {
    theme.set_font_scale(sizes_->currentData().toDouble());
    workbench_.settings().set_font_scale(theme.font_scale());
    adjustSize();
  });
  connect(languages_, &QComboBox::currentIndexChanged, this, [this] {
    workbench_.settings().set_language(languages_->currentData().toString());
    start_again_->setEnabled(true);
  });
  connect(start_again_, &QPushButton::clicked, this, &SettingsDialog::start_again);
  connect(devices_, &QComboBox::activated, this, [this] { workbench_.settings().set_device(devices_->currentData().toString()); });
  connect(measure_, &QPushButton::clicked, this, [this] { list_->ask(true); });
  connect(close, &QPushButton::clicked, this, &QDialog::accept);
  connect(list_, &DeviceList::changed, this, &SettingsDialog::show_devices);
  list_->ask(false);
  setMinimumWidth(theme.scaled(480));
}

void SettingsDialog::show_devices() {
  const QLocale locale;
  const QString chosen = workbench_.settings().device();
  devices_->clear();
  devices_->addItem(tr("The first that can be used"), QString());
  QStringList lines;
  for (const Device& device : list_->devices()) {
    if (!device.unusable.isEmpty()) {
      lines << tr("%1 cannot be used: %2").arg(device.name, device.unusable);
      continue;
    }
    QString words = device.name;
    if (device.gigabytes_per_second > 0)
      words = tr("%1, reads %2 GB/s").arg(device.name, locale.toString(device.gigabytes_per_second, 'f', device.gigabytes_per_second < 100 ? 1 : 0));
    devices_->addItem(words, device.name);
    lines << tr("%1: %2, %3 of memory").arg(device.name, device.driver, bytes_text(device.memory_bytes));
  }
  // A device that is not there today keeps its place: nothing is changed behind the user's back.
  if (!chosen.isEmpty() && devices_->findData(chosen) < 0) devices_->addItem(tr("%1 (not found)").arg(chosen), chosen);
  devices_->setCurrentIndex(std::max(0, devices_->findData(chosen)));
  measure_->setEnabled(!list_->busy() && !list_->devices().empty());
  if (list_->busy()) {
    device_note_->setText(list_->devices().empty() ? tr("Looking for devices …") : tr("Measuring …"));
  } else if (!list_->failure().isEmpty()) {
    device_note_->setText(list_->failure());
  } else if (list_->devices().empty()) {
    device_note_->setText(tr("No Vulkan device was found. Models run on the reference (CPU)."));
  } else {
    device_note_->setText(lines.join(QLatin1Char('\n')) + QLatin1Char('\n') + tr("Takes effect with the next model that is loaded."));
  }
  // The note may have grown; the dialog grows with it.
  if (isVisible()) resize(width(), std::max(height(), layout()->heightForWidth(width())));
}

}  // namespace qvlm::studio
