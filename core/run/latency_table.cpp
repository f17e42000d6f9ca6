// The strict JSON image of a latency table.
#include "core/run/latency_table.h"

#include <cmath>
#include <fstream>
#include <sstream>

#include "core/base/error.h"
#include "core/run/json_fields.h"

namespace qvlm {
namespace {

template <class V, class R>
void list_fields(V& v, R& r) {
  v("rows", r.rows);
  v("columns", r.columns);
  v("bits", r.bits);
  v("group", r.group);
  v("symmetric", r.symmetric);
  v("milliseconds", r.milliseconds);
}

void validate(const LatencyRow& row, const std::string& origin) {
  const auto demand = [&origin](bool holds, const char* key, const std::string& expected, auto found) {
    if (!holds) throw Error::in(origin, key, expected, std::to_string(found));
  };
  demand(row.rows > 0, "rows", "a positive number", row.rows);
  demand(row.columns > 0, "columns", "a positive number", row.columns);
  demand(row.bits >= 2 && row.bits <= 8, "bits", "2 to 8", row.bits);
  demand(row.group > 0 && row.columns % row.group == 0, "group", "a divisor of " + std::to_string(row.columns), row.group);
  demand(std::isfinite(row.milliseconds) && row.milliseconds > 0, "milliseconds", "a positive number", row.milliseconds);
}

}  // namespace

std::optional<double> LatencyTable::find(int64_t wanted_rows, int64_t columns, int bits, int64_t group, bool symmetric) const {
  for (const LatencyRow& row : rows) {
    const bool same = row.rows == wanted_rows && row.columns == columns && row.bits == bits && row.group == (group == 0 ? columns : group);
    if (same && row.symmetric == symmetric) return row.milliseconds;
  }
  return std::nullopt;
}

std::string to_json(const LatencyTable& table) {
  json_fields::Json root;
  root["device"] = table.device;
  root["rest_milliseconds"] = json_fields::number(table.rest_milliseconds);
  root["rows"] = json_fields::Json::array();
  for (const LatencyRow& row : table.rows) {
    json_fields::Json object;
    json_fields::Writer writer(object);
    list_fields(writer, row);
    root["rows"].push_back(std::move(object));
  }
  return root.dump(2);
}

LatencyTable latency_table_from_json(const std::string& text, const std::string& origin) {
  const json_fields::Json root = json_fields::parse(text, origin);
  json_fields::Reader reader(root, origin, true);
  LatencyTable table;
  reader("device", table.device);
  reader("rest_milliseconds", table.rest_milliseconds);
  const json_fields::Json* rows = reader.take("rows");
  reader.finish();
  if (!(std::isfinite(table.rest_milliseconds) && table.rest_milliseconds >= 0)) {
    throw Error::in(origin, "rest_milliseconds", "0 or more", std::to_string(table.rest_milliseconds));
  }
  if (!rows->is_array() || rows->empty()) throw Error::in(origin, "rows", "an array of one row or more", rows->is_array() ? "none" : rows->type_name());
  for (const auto& element : *rows) {
    const std::string place = origin + ": rows[" + std::to_string(table.rows.size()) + "]";
    json_fields::Reader fields(element, place, true);
    LatencyRow row;
    list_fields(fields, row);
    fields.finish();
    validate(row, place);
    if (table.find(row.rows, row.columns, row.bits, row.group, row.symmetric)) throw Error(place + ": a shape and grid that stand in the table already");
    table.rows.push_back(row);
  }
  return table;
}

LatencyTable read_latency_table(const std::filesystem::path& path) {
  std::ifstream file(path);
  if (!file) throw Error(path.string() + ": cannot be opened");
  std::stringstream text;
  text << file.rdbuf();
  return latency_table_from_json(text.str(), path.string());
}

}  // namespace qvlm
