// Two tables; write-ahead log, so that a crash of the studio or of the machine costs nothing that was committed.
#include "app/studio/models/history.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QJsonArray>
#include <QJsonDocument>
#include <QObject>
#include <QSqlDatabase>
#include <QSqlError>
#include <QSqlQuery>
#include <QUuid>
#include <QVariant>

#include "core/base/error.h"

namespace qvlm::studio {

namespace {

[[noreturn]] void fail(const QSqlQuery& query) {
  throw Error("chat history: " + query.lastError().text().toStdString());
}

QSqlQuery run(const QString& connection, const QString& text, const QVariantList& values = {}) {
  QSqlQuery query(QSqlDatabase::database(connection));
  if (!query.prepare(text)) fail(query);
  for (const QVariant& value : values) query.addBindValue(value);
  if (!query.exec()) fail(query);
  return query;
}

QString images_text(const QStringList& images) {
  return QString::fromUtf8(QJsonDocument(QJsonArray::fromStringList(images)).toJson(QJsonDocument::Compact));
}

QStringList images_of(const QString& text) {
  QStringList images;
  for (const QJsonValue& value : QJsonDocument::fromJson(text.toUtf8()).array()) images << value.toString();
  return images;
}

}  // namespace

History::History(const QString& file) : file_(file), connection_(QUuid::createUuid().toString()) {
  QDir().mkpath(QFileInfo(file).absolutePath());
  QString why;
  if (open(&why)) return;
  QSqlDatabase::database(connection_).close();
  QSqlDatabase::removeDatabase(connection_);
  const QString aside =
      file_ + QStringLiteral(".damaged-") + QDateTime::currentDateTime().toString(QStringLiteral("yyyyMMdd-HHmmss"));
  if (QFile::exists(file_) && !QFile::rename(file_, aside)) {
    throw Error::in(file_.toStdString(), "", "a chat database that can be opened", why.toStdString());
  }
  for (const char* tail : {"-wal", "-shm"}) QFile::remove(file_ + QLatin1String(tail));
  notice_ =
      QObject::tr("The chat history could not be read (%1). It was kept as %2, and a new one begun.").arg(why, aside);
  if (!open(&why)) throw Error::in(file_.toStdString(), "", "a writable chat database", why.toStdString());
}

History::~History() {
  QSqlDatabase::database(connection_).close();
  QSqlDatabase::removeDatabase(connection_);
}

bool History::open(QString* why) {
  QSqlDatabase database = QSqlDatabase::addDatabase(QStringLiteral("QSQLITE"), connection_);
  database.setDatabaseName(file_);
  if (!database.open()) {
    *why = database.lastError().text();
    return false;
  }
  try {
    run(connection_, QStringLiteral("PRAGMA journal_mode = WAL"));
    run(connection_, QStringLiteral("PRAGMA synchronous = NORMAL"));
    QSqlQuery check = run(connection_, QStringLiteral("PRAGMA quick_check(1)"));
    if (!check.next() || check.value(0).toString() != QLatin1String("ok")) {
      *why = check.value(0).toString();
      return false;
    }
    check.finish();
    run(connection_,
        QStringLiteral(
            "CREATE TABLE IF NOT EXISTS chats (id INTEGER PRIMARY KEY, title TEXT NOT NULL, model TEXT NOT NULL,"
            " changed INTEGER NOT NULL)"));
    run(connection_,
        QStringLiteral(
            "CREATE TABLE IF NOT EXISTS messages (id INTEGER PRIMARY KEY, chat INTEGER NOT NULL REFERENCES chats(id),"
            " role TEXT NOT NULL, text TEXT NOT NULL, images TEXT NOT NULL, state TEXT NOT NULL,"
            " note TEXT NOT NULL)"));
    run(connection_, QStringLiteral("CREATE INDEX IF NOT EXISTS messages_of_chat ON messages(chat, id)"));
  } catch (const Error& error) {
    *why = QString::fromUtf8(error.what());
    return false;
  }
  return true;
}

qint64 History::add_chat(const QString& title, const QString& model) {
  return run(connection_, QStringLiteral("INSERT INTO chats (title, model, changed) VALUES (?, ?, ?)"),
             {title, model, QDateTime::currentMSecsSinceEpoch()})
      .lastInsertId()
      .toLongLong();
}

qint64 History::add_message(qint64 chat, const ChatMessage& message) {
  // A null QString would be stored as NULL.
  const qint64 id =
      run(connection_,
          QStringLiteral("INSERT INTO messages (chat, role, text, images, state, note) VALUES (?, ?, ?, ?, ?, ?)"),
          {chat, message.role, message.text + QLatin1String(""), images_text(message.images), name_of(message.state),
           message.note + QLatin1String("")})
          .lastInsertId()
          .toLongLong();
  run(connection_, QStringLiteral("UPDATE chats SET changed = ? WHERE id = ?"),
      {QDateTime::currentMSecsSinceEpoch(), chat});
  return id;
}

void History::update_message(const ChatMessage& message) {
  run(connection_, QStringLiteral("UPDATE messages SET text = ?, state = ?, note = ? WHERE id = ?"),
      {message.text + QLatin1String(""), name_of(message.state), message.note + QLatin1String(""), message.id});
}

void History::remove_message(qint64 id) {
  run(connection_, QStringLiteral("DELETE FROM messages WHERE id = ?"), {id});
}

void History::remove_chat(qint64 chat) {
  run(connection_, QStringLiteral("DELETE FROM messages WHERE chat = ?"), {chat});
  run(connection_, QStringLiteral("DELETE FROM chats WHERE id = ?"), {chat});
}

std::vector<ChatHeader> History::chats() const {
  std::vector<ChatHeader> result;
  QSqlQuery query =
      run(connection_, QStringLiteral("SELECT id, title, model, changed FROM chats ORDER BY changed DESC, id DESC"));
  while (query.next()) {
    result.push_back({query.value(0).toLongLong(), query.value(1).toString(), query.value(2).toString(),
                      QDateTime::fromMSecsSinceEpoch(query.value(3).toLongLong())});
  }
  return result;
}

std::vector<ChatMessage> History::messages(qint64 chat) const {
  std::vector<ChatMessage> result;
  QSqlQuery query = run(
      connection_,
      QStringLiteral("SELECT id, role, text, images, state, note FROM messages WHERE chat = ? ORDER BY id"), {chat});
  while (query.next()) {
    ChatMessage message{query.value(0).toLongLong(),
                        query.value(1).toString(),
                        query.value(2).toString(),
                        images_of(query.value(3).toString()),
                        message_state_of(query.value(4).toString()),
                        query.value(5).toString()};
    if (message.state == MessageState::WAITING || message.state == MessageState::STREAMING) {
      message.state = MessageState::INTERRUPTED;
    }
    result.push_back(message);
  }
  return result;
}

}  // namespace qvlm::studio
