// Names and widths of activation sites.
#include "core/model/sites.h"

#include "core/base/error.h"
#include "core/model/vlm_config.h"

namespace qvlm {

std::vector<std::string_view> linears_of(SiteKind kind) {
  switch (kind) {
    case SiteKind::ATTENTION_INPUT:
      return {"attention.query", "attention.key", "attention.value"};
    case SiteKind::OUTPUT_INPUT:
      return {"attention.output"};
    case SiteKind::MLP_INPUT:
      return {"mlp.gate", "mlp.up"};
    case SiteKind::DOWN_INPUT:
      return {"mlp.down"};
  }
  throw Error("unknown kind of site");
}

std::string_view name_of(SiteKind kind) {
  switch (kind) {
    case SiteKind::ATTENTION_INPUT:
      return "attention input";
    case SiteKind::OUTPUT_INPUT:
      return "output input";
    case SiteKind::MLP_INPUT:
      return "mlp input";
    case SiteKind::DOWN_INPUT:
      return "down input";
  }
  throw Error("unknown kind of site");
}

std::string_view short_name_of(SiteKind kind) {
  switch (kind) {
    case SiteKind::ATTENTION_INPUT:
      return "qkv";
    case SiteKind::OUTPUT_INPUT:
      return "o";
    case SiteKind::MLP_INPUT:
      return "up";
    case SiteKind::DOWN_INPUT:
      return "down";
  }
  throw Error("unknown kind of site");
}

int width_of(const DecoderConfig& config, SiteKind kind) {
  switch (kind) {
    case SiteKind::ATTENTION_INPUT:
    case SiteKind::MLP_INPUT:
      return config.hidden;
    case SiteKind::OUTPUT_INPUT:
      return config.heads * config.head_dim;
    case SiteKind::DOWN_INPUT:
      return config.ffn;
  }
  throw Error("unknown kind of site");
}

}  // namespace qvlm
