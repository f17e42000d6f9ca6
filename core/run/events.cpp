// Events to JSON lines and back. Each event lists its fields once; writing and strict reading both use the list.
#include "core/run/events.h"

#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/run/json_fields.h"

namespace qvlm {
namespace {

using json_fields::Json;
using json_fields::Reader;
using json_fields::Writer;

// A partition is stored as its own JSON object inside the event.
void partition_field(Writer& writer, const Partition& partition) {
  writer("partition", Json::parse(to_json(partition)));
}
void partition_field(Reader& reader, Partition& partition) {
  if (const Json* found = reader.take("partition")) partition = partition_from_json(found->dump(), "partition");
}

// Only a refined block has them.
void refinement_fields(Writer& writer, const BlockSearched& event) {
  if (event.refined_bounds.empty()) return;
  writer("refined_bounds", event.refined_bounds);
  writer("refined_error", event.refined_error);
}
void refinement_fields(Reader& reader, BlockSearched& event) {
  if (!reader.has("refined_bounds")) return;
  reader("refined_bounds", event.refined_bounds);
  reader("refined_error", event.refined_error);
}

// Journals of earlier versions lack it.
void token_error_field(Writer& writer, const LayerQuantized& event) { writer("token_error", event.token_error); }
void token_error_field(Reader& reader, LayerQuantized& event) {
  if (reader.has("token_error")) reader("token_error", event.token_error);
}

constexpr std::string_view name_of_type(const RunStarted*) { return "RunStarted"; }
template <class V, class E>
void list_fields(V& v, E& e, const RunStarted*) {
  v("journal_version", e.journal_version);
  v("model_path", e.model_path);
  v("model_fingerprint", e.model_fingerprint);
  v("calibration_path", e.calibration_path);
  v("calibration_fingerprint", e.calibration_fingerprint);
  v("recipe", e.recipe);
  v("layers", e.layers);
  v("sites", e.sites);
  v("samples", e.samples);
  v("planned_seconds", e.planned_seconds);
  v("planned_bytes", e.planned_bytes);
}

constexpr std::string_view name_of_type(const PhaseStarted*) { return "PhaseStarted"; }
template <class V, class E>
void list_fields(V& v, E& e, const PhaseStarted*) {
  v("phase", e.phase);
  v("total", e.total);
}

constexpr std::string_view name_of_type(const Progress*) { return "Progress"; }
template <class V, class E>
void list_fields(V& v, E& e, const Progress*) {
  v("phase", e.phase);
  v("done", e.done);
  v("total", e.total);
  v("eta_seconds", e.eta_seconds);
}

constexpr std::string_view name_of_type(const SiteMeasured*) { return "SiteMeasured"; }
template <class V, class E>
void list_fields(V& v, E& e, const SiteMeasured*) {
  v("site", e.site);
  v("minimum", e.minimum);
  v("maximum", e.maximum);
  v("percentile_low", e.percentile_low);
  v("percentile_high", e.percentile_high);
  v("histogram_low", e.histogram_low);
  v("histogram_high", e.histogram_high);
  v("histogram", e.histogram);
}

constexpr std::string_view name_of_type(const EntropyMeasured*) { return "EntropyMeasured"; }
template <class V, class E>
void list_fields(V& v, E& e, const EntropyMeasured*) {
  v("site", e.site);
  v("entropy", e.entropy);
  v("dependency", e.dependency);
  v("sample_entropy", e.sample_entropy);
  v("quantization_error", e.quantization_error);
}

constexpr std::string_view name_of_type(const ProxyValidated*) { return "ProxyValidated"; }
template <class V, class E>
void list_fields(V& v, E& e, const ProxyValidated*) {
  v("site", e.site);
  v("difference", e.difference);
  v("dependency", e.dependency);
  v("entropy", e.entropy);
  v("quantization_error", e.quantization_error);
}

constexpr std::string_view name_of_type(const PartitionChanged*) { return "PartitionChanged"; }
template <class V, class E>
void list_fields(V& v, E& e, const PartitionChanged*) {
  partition_field(v, e.partition);
  v("threshold", e.threshold);
  v("origin", e.origin);
}

constexpr std::string_view name_of_type(const CandidateScored*) { return "CandidateScored"; }
template <class V, class E>
void list_fields(V& v, E& e, const CandidateScored*) {
  v("block", e.block);
  v("parameters", e.parameters);
  v("loss", e.loss);
  v("samples", e.samples);
}

constexpr std::string_view name_of_type(const BlockSearched*) { return "BlockSearched"; }
template <class V, class E>
void list_fields(V& v, E& e, const BlockSearched*) {
  v("block", e.block);
  v("first_site", e.first_site);
  v("last_site", e.last_site);
  v("layerwise_parameters", e.layerwise_parameters);
  v("joint_parameters", e.joint_parameters);
  v("layerwise_error", e.layerwise_error);
  v("joint_error", e.joint_error);
  v("unclipped_error", e.unclipped_error);
  v("spread", e.spread);
  v("search_has_effect", e.search_has_effect);
  v("site_forwards", e.site_forwards);
  v("seconds", e.seconds);
  v("input_hash", e.input_hash);
  refinement_fields(v, e);
}

constexpr std::string_view name_of_type(const LayerQuantized*) { return "LayerQuantized"; }
template <class V, class E>
void list_fields(V& v, E& e, const LayerQuantized*) {
  v("layer", e.layer);
  v("file", e.file);
  v("hash", e.hash);
  v("bytes", e.bytes);
  v("weight_error", e.weight_error);
  v("output_error", e.output_error);
  token_error_field(v, e);
  v("seconds", e.seconds);
}

constexpr std::string_view name_of_type(const Noticed*) { return "Noticed"; }
template <class V, class E>
void list_fields(V& v, E& e, const Noticed*) {
  v("text", e.text);
}

constexpr std::string_view name_of_type(const AxesMeasured*) { return "AxesMeasured"; }
template <class V, class E>
void list_fields(V& v, E& e, const AxesMeasured*) {
  v("file", e.file);
  v("hash", e.hash);
  v("bytes", e.bytes);
  v("shares", e.shares);
  v("seconds", e.seconds);
}

constexpr std::string_view name_of_type(const VisionQuantized*) { return "VisionQuantized"; }
template <class V, class E>
void list_fields(V& v, E& e, const VisionQuantized*) {
  v("file", e.file);
  v("hash", e.hash);
  v("bytes", e.bytes);
  v("pictures", e.pictures);
  v("stored_bits", e.stored_bits);
  v("projector_stored_bits", e.projector_stored_bits);
  v("weight_error", e.weight_error);
  v("layer_errors", e.layer_errors);
  v("tower_error", e.tower_error);
  v("projected_error", e.projected_error);
  v("seconds", e.seconds);
}

constexpr std::string_view name_of_type(const VeoStep*) { return "VeoStep"; }
template <class V, class E>
void list_fields(V& v, E& e, const VeoStep*) {
  v("epoch", e.epoch);
  v("step", e.step);
  v("token_loss", e.token_loss);
  v("entropy_loss", e.entropy_loss);
  v("error_loss", e.error_loss);
}

constexpr std::string_view name_of_type(const VeoEpoch*) { return "VeoEpoch"; }
template <class V, class E>
void list_fields(V& v, E& e, const VeoEpoch*) {
  v("epoch", e.epoch);
  v("tower_error", e.tower_error);
  v("hidden_error", e.hidden_error);
  v("error_loss", e.error_loss);
  v("token_loss", e.token_loss);
  v("best", e.best);
}

constexpr std::string_view name_of_type(const VeoFinished*) { return "VeoFinished"; }
template <class V, class E>
void list_fields(V& v, E& e, const VeoFinished*) {
  v("file", e.file);
  v("hash", e.hash);
  v("bytes", e.bytes);
  v("epochs", e.epochs);
  v("best_epoch", e.best_epoch);
  v("steps", e.steps);
  v("tower_error_before", e.tower_error_before);
  v("tower_error", e.tower_error);
  v("projected_error_before", e.projected_error_before);
  v("projected_error", e.projected_error);
  v("seconds", e.seconds);
}

constexpr std::string_view name_of_type(const RunPaused*) { return "RunPaused"; }
template <class V, class E>
void list_fields(V&, E&, const RunPaused*) {}

constexpr std::string_view name_of_type(const RunResumed*) { return "RunResumed"; }
template <class V, class E>
void list_fields(V& v, E& e, const RunResumed*) {
  v("layers_reused", e.layers_reused);
  v("blocks_reused", e.blocks_reused);
}

constexpr std::string_view name_of_type(const RunFinished*) { return "RunFinished"; }
template <class V, class E>
void list_fields(V& v, E& e, const RunFinished*) {
  v("seconds", e.seconds);
  v("peak_bytes", e.peak_bytes);
  v("stored_bytes", e.stored_bytes);
  v("stored_bits", e.stored_bits);
  v("site_forwards", e.site_forwards);
  v("output", e.output);
}

constexpr std::string_view name_of_type(const RunCancelled*) { return "RunCancelled"; }
template <class V, class E>
void list_fields(V&, E&, const RunCancelled*) {}

constexpr std::string_view name_of_type(const RunFailed*) { return "RunFailed"; }
template <class V, class E>
void list_fields(V& v, E& e, const RunFailed*) {
  v("message", e.message);
}

// Reads the event as the alternative whose name matches.
template <size_t index = 0>
Event read_alternative(std::string_view name, Reader& reader, const std::string& origin) {
  if constexpr (index == std::variant_size_v<Event>) {
    throw Error::in(origin, "event", "the name of an event", "\"" + std::string(name) + "\"");
  } else {
    using Alternative = std::variant_alternative_t<index, Event>;
    constexpr const Alternative* type = nullptr;
    if (name != name_of_type(type)) return read_alternative<index + 1>(name, reader, origin);
    Alternative event;
    list_fields(reader, event, type);
    return event;
  }
}

// Before the fields, of which a later version may have others.
void demand_known_version(const Json& object, const std::string& origin) {
  const auto found = object.find("journal_version");
  const int known = RunStarted{}.journal_version;
  if (found == object.end() || !found->is_number_integer() || found->get<int64_t>() <= known) return;
  throw Error::in(origin, "journal_version", "at most " + std::to_string(known), std::to_string(found->get<int64_t>()) + ": the journal of a later version");
}

}  // namespace

std::string_view name_of(const Event& event) {
  return std::visit([](const auto& e) { return name_of_type(&e); }, event);
}

std::string to_json_line(const TimedEvent& timed) {
  Json object;
  object["event"] = std::string(name_of(timed.event));
  object["at"] = json_fields::number(timed.seconds);
  Writer writer(object);
  std::visit([&writer](const auto& e) { list_fields(writer, e, &e); }, timed.event);
  return object.dump(-1, ' ', false, Json::error_handler_t::replace);
}

TimedEvent event_from_json_line(const std::string& line, const std::string& origin) {
  const Json object = json_fields::parse(line, origin);
  Reader reader(object, origin, true);
  std::string name;
  TimedEvent timed;
  reader("event", name);
  reader("at", timed.seconds);
  demand_known_version(object, origin);
  timed.event = read_alternative(name, reader, origin);
  reader.finish();
  return timed;
}

}  // namespace qvlm
