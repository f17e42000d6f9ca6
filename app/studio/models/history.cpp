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
#include <algorithm>

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
            " changed INTEGER NOT NULL, leaf INTEGER NOT NULL DEFAULT 0)"));
    run(connection_,
        QStringLiteral(
            "CREATE TABLE IF NOT EXISTS messages (id INTEGER PRIMARY KEY, chat INTEGER NOT NULL REFERENCES chats(id),"
            " role TEXT NOT NULL, text TEXT NOT NULL, images TEXT NOT NULL, state TEXT NOT NULL,"
            " note TEXT NOT NULL, parent INTEGER NOT NULL DEFAULT 0)"));
    bring_up_to_date();
    run(connection_, QStringLiteral("CREATE INDEX IF NOT EXISTS messages_of_chat ON messages(chat, id)"));
  } catch (const Error& error) {
    *why = QString::fromUtf8(error.what());
    return false;
  }
  return true;
}

void History::bring_up_to_date() {
  // Before branches, a chat was a list: each message stands behind the one before it.
  QSqlQuery columns =
      run(connection_, QStringLiteral("SELECT 1 FROM pragma_table_info('messages') WHERE name = 'parent'"));
  const bool current = columns.next();
  columns.finish();
  if (current) return;
  run(connection_, QStringLiteral("BEGIN IMMEDIATE"));
  for (const char* step :
       {"ALTER TABLE chats ADD COLUMN leaf INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE messages ADD COLUMN parent INTEGER NOT NULL DEFAULT 0",
        "UPDATE messages SET parent = COALESCE((SELECT MAX(earlier.id) FROM messages AS earlier"
        " WHERE earlier.chat = messages.chat AND earlier.id < messages.id), 0)",
        "UPDATE chats SET leaf = COALESCE((SELECT MAX(id) FROM messages WHERE chat = chats.id), 0)", "COMMIT"}) {
    run(connection_, QLatin1String(step));
  }
}

qint64 History::add_chat(const QString& title, const QString& model) {
  return run(connection_, QStringLiteral("INSERT INTO chats (title, model, changed) VALUES (?, ?, ?)"),
             {title, model, QDateTime::currentMSecsSinceEpoch()})
      .lastInsertId()
      .toLongLong();
}

qint64 History::add_message(qint64 chat, const ChatMessage& message, std::optional<qint64> parent) {
  if (!parent) {
    QSqlQuery shown = run(connection_, QStringLiteral("SELECT leaf FROM chats WHERE id = ?"), {chat});
    parent = shown.next() ? shown.value(0).toLongLong() : 0;
  }
  // A null QString would be stored as NULL.
  const qint64 id =
      run(connection_,
          QStringLiteral(
              "INSERT INTO messages (chat, role, text, images, state, note, parent) VALUES (?, ?, ?, ?, ?, ?, ?)"),
          {chat, message.role, message.text + QLatin1String(""), images_text(message.images), name_of(message.state),
           message.note + QLatin1String(""), *parent})
          .lastInsertId()
          .toLongLong();
  run(connection_, QStringLiteral("UPDATE chats SET changed = ?, leaf = ? WHERE id = ?"),
      {QDateTime::currentMSecsSinceEpoch(), id, chat});
  return id;
}

void History::update_message(const ChatMessage& message) {
  run(connection_, QStringLiteral("UPDATE messages SET text = ?, state = ?, note = ? WHERE id = ?"),
      {message.text + QLatin1String(""), name_of(message.state), message.note + QLatin1String(""), message.id});
}

void History::remove_message(qint64 id) {
  run(connection_, QStringLiteral("UPDATE chats SET leaf = (SELECT parent FROM messages WHERE id = ?) WHERE leaf = ?"),
      {id, id});
  run(connection_, QStringLiteral("DELETE FROM messages WHERE id = ?"), {id});
}

void History::remove_chat(qint64 chat) {
  run(connection_, QStringLiteral("DELETE FROM messages WHERE chat = ?"), {chat});
  run(connection_, QStringLiteral("DELETE FROM chats WHERE id = ?"), {chat});
}

std::vector<ChatHeader> History::chats(const QString& text) const {
  std::vector<ChatHeader> result;
  // instr() and not LIKE: what is searched for may hold % and _.
  QSqlQuery query =
      run(connection_,
          QStringLiteral("SELECT id, title, model, changed FROM chats WHERE instr(lower(title), ?) > 0 OR"
                         " EXISTS (SELECT 1 FROM messages WHERE chat = chats.id AND instr(lower(text), ?) > 0)"
                         " ORDER BY changed DESC, id DESC"),
          {text.toLower() + QLatin1String(""), text.toLower() + QLatin1String("")});
  while (query.next()) {
    result.push_back({query.value(0).toLongLong(), query.value(1).toString(), query.value(2).toString(),
                      QDateTime::fromMSecsSinceEpoch(query.value(3).toLongLong())});
  }
  return result;
}

std::vector<qint64> History::beside(qint64 id) const {
  std::vector<qint64> ids;
  QSqlQuery query = run(connection_,
                        QStringLiteral("SELECT other.id FROM messages AS other JOIN messages AS here ON here.id = ?"
                                       " WHERE other.chat = here.chat AND other.parent = here.parent"
                                       " AND other.role = here.role ORDER BY other.id"),
                        {id});
  while (query.next()) ids.push_back(query.value(0).toLongLong());
  return ids;
}

void History::show_branch(qint64 chat, qint64 id, int steps) {
  const std::vector<qint64> ids = beside(id);
  const auto here = std::find(ids.begin(), ids.end(), id);
  if (here == ids.end()) return;
  const auto place = std::clamp<qint64>(here - ids.begin() + steps, 0, qint64(ids.size()) - 1);
  // To the end of its latest branch.
  qint64 leaf = ids[static_cast<size_t>(place)];
  for (;;) {
    QSqlQuery next = run(connection_, QStringLiteral("SELECT MAX(id) FROM messages WHERE parent = ?"), {leaf});
    if (!next.next() || next.value(0).isNull()) break;
    leaf = next.value(0).toLongLong();
  }
  run(connection_, QStringLiteral("UPDATE chats SET leaf = ? WHERE id = ?"), {leaf, chat});
}

std::vector<ChatMessage> History::messages(qint64 chat) const {
  std::vector<ChatMessage> result;
  QSqlQuery query = run(connection_,
                        QStringLiteral("WITH RECURSIVE shown(id, depth) AS (SELECT leaf, 0 FROM chats WHERE id = ?"
                                       " UNION ALL SELECT parent, depth + 1 FROM messages JOIN shown USING (id))"
                                       " SELECT id, role, text, images, state, note FROM messages JOIN shown USING (id)"
                                       " ORDER BY depth DESC"),
                        {chat});
  while (query.next()) {
    ChatMessage message;
    message.id = query.value(0).toLongLong();
    message.role = query.value(1).toString();
    message.text = query.value(2).toString();
    message.images = images_of(query.value(3).toString());
    message.state = message_state_of(query.value(4).toString());
    message.note = query.value(5).toString();
    if (message.state == MessageState::WAITING || message.state == MessageState::STREAMING) {
      message.state = MessageState::INTERRUPTED;
    }
    const std::vector<qint64> ids = beside(message.id);
    message.branches = static_cast<int>(ids.size());
    message.branch = static_cast<int>(std::find(ids.begin(), ids.end(), message.id) - ids.begin()) + 1;
    result.push_back(message);
  }
  return result;
}

}  // namespace qvlm::studio
