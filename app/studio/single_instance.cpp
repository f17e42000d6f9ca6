// A local socket; one line of JSON, answered by one byte.
#include "app/studio/single_instance.h"

#include <QCryptographicHash>
#include <QDir>
#include <QJsonArray>
#include <QJsonDocument>
#include <QLocalSocket>

namespace qvlm::studio {

namespace {

constexpr int kPatience = 1500;  // ms; a studio that answers no sooner hangs, and a new one is better than none
constexpr qint64 kLongest = 1 << 20;

}  // namespace

SingleInstance::SingleInstance(const QString& data, QObject* parent)
    : QObject(parent),
      name_(QStringLiteral("qvlm-studio-") +
            QString::fromLatin1(
                QCryptographicHash::hash((QDir::homePath() + QLatin1Char('\n') + QDir(data).absolutePath()).toUtf8(), QCryptographicHash::Sha256)
                    .toHex()
                    .left(16))) {
  server_.setSocketOptions(QLocalServer::UserAccessOption);
  connect(&server_, &QLocalServer::newConnection, this, &SingleInstance::take_connection);
}

bool SingleInstance::hand_over(const QStringList& paths) {
  QLocalSocket socket;
  socket.connectToServer(name_);
  if (!socket.waitForConnected(kPatience)) return false;
  socket.write(QJsonDocument(QJsonArray::fromStringList(paths)).toJson(QJsonDocument::Compact) + '\n');
  return socket.waitForBytesWritten(kPatience) && socket.waitForReadyRead(kPatience);
}

bool SingleInstance::listen() {
  if (server_.listen(name_)) return true;
  // Left behind by a studio that crashed: nobody answered there before.
  QLocalServer::removeServer(name_);
  return server_.listen(name_);
}

void SingleInstance::take_connection() {
  while (QLocalSocket* socket = server_.nextPendingConnection()) {
    connect(socket, &QLocalSocket::disconnected, socket, &QObject::deleteLater);
    connect(socket, &QLocalSocket::readyRead, this, [this, socket] {
      if (!socket->canReadLine()) {
        if (socket->bytesAvailable() > kLongest) socket->abort();
        return;
      }
      QStringList paths;
      for (const QJsonValue& value : QJsonDocument::fromJson(socket->readLine(kLongest)).array()) paths << value.toString();
      socket->write("1");
      socket->flush();
      socket->disconnectFromServer();
      Q_EMIT handed_over(paths);
    });
  }
}

}  // namespace qvlm::studio
