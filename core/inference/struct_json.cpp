// Parsing one line of a JSON-lines stream.
#include "core/inference/struct_json.h"

namespace qvlm {

nlohmann::json parse_line(const std::string& line) {
  nlohmann::json json = nlohmann::json::parse(line, nullptr, false);
  if (json.is_discarded()) throw Error("not a JSON line: " + line.substr(0, 120));
  if (!json.is_object()) throw Error::in("", "line", "an object", json.type_name());
  return json;
}

}  // namespace qvlm
