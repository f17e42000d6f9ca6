// The mark, the version, the licence.
#include "app/studio/views/about.h"

#include <QHBoxLayout>
#include <QIcon>
#include <QLabel>
#include <QPushButton>
#include <QSysInfo>
#include <QVBoxLayout>

#include "app/studio/style/theme.h"
#include "app/studio/views/widgets.h"

namespace qvlm::studio {

AboutDialog::AboutDialog(const Theme& theme, QWidget* parent) : QDialog(parent) {
  setWindowTitle(tr("About Q-VLM Studio"));
  setAttribute(Qt::WA_DeleteOnClose);
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(3 * kUnit, 3 * kUnit, 3 * kUnit, 2 * kUnit);
  column->setSpacing(2 * kUnit);
  auto* row = new QHBoxLayout;
  row->setSpacing(2 * kUnit);
  auto* mark = new QLabel(this);
  mark->setPixmap(QIcon(QStringLiteral(":/icons/qvlm-studio.svg")).pixmap(64, 64));
  mark->setAccessibleName(tr("The mark of Q-VLM Studio"));
  row->addWidget(mark, 0, Qt::AlignTop);
  auto* words = new QVBoxLayout;
  auto* title = new QLabel(tr("Q-VLM Studio %1").arg(QStringLiteral(QVLM_STUDIO_VERSION)), this);
  title->setObjectName(QStringLiteral("hero"));
  words->addWidget(title);
  words->addWidget(muted_label(tr("Quantizes vision-language models with Q-VLM and runs them on Vulkan, on this machine. Nothing leaves it."), this));
  row->addLayout(words, 1);
  column->addLayout(row);
  auto* facts = muted_label(tr("Licence: GPL-3.0-or-later\nMethod: Wang et al., Q-VLM: Post-training Quantization for Large Vision-Language Models, NeurIPS 2024\n"
                               "Qt %1 on %2")
                                .arg(QString::fromLatin1(qVersion()), QSysInfo::prettyProductName()),
                            this);
  facts->setTextFormat(Qt::PlainText);
  facts->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
  facts->setAccessibleName(tr("Licence, method and version"));
  column->addWidget(facts);
  auto* close = new QPushButton(tr("Close"), this);
  close->setAccessibleName(close->text());
  close->setDefault(true);
  column->addWidget(close, 0, Qt::AlignRight);
  connect(close, &QPushButton::clicked, this, &QDialog::accept);
  setMinimumWidth(theme.scaled(460));
}

}  // namespace qvlm::studio
