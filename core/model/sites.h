// Activation sites: the four places in a decoder layer where linears read their input. Q-VLM's unit of search (algorithms.md 1.4).
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace qvlm {

enum class SiteKind { ATTENTION_INPUT = 0, OUTPUT_INPUT = 1, MLP_INPUT = 2, DOWN_INPUT = 3 };

/// Number of sites of one decoder layer.
inline constexpr int kSitesPerLayer = 4;

/// Site number 4 * layer + kind, in the order of execution.
struct Site {
  int layer = 0;
  SiteKind kind = SiteKind::ATTENTION_INPUT;
  int index() const { return layer * kSitesPerLayer + static_cast<int>(kind); }
  static Site at(int index) { return {index / kSitesPerLayer, static_cast<SiteKind>(index % kSitesPerLayer)}; }
  bool operator==(const Site&) const = default;
};

/// The linears that read a site, as canonical suffixes: {"attention.query","attention.key","attention.value"}, {"attention.output"},
/// {"mlp.gate","mlp.up"}, {"mlp.down"}.
std::vector<std::string_view> linears_of(SiteKind kind);

/// "attention input", "output input", "mlp input", "down input"; short: "qkv", "o", "up", "down".
std::string_view name_of(SiteKind kind);
std::string_view short_name_of(SiteKind kind);

/// Input width of a site: hidden, heads * head_dim, hidden, ffn.
struct DecoderConfig;
int width_of(const DecoderConfig& config, SiteKind kind);

}  // namespace qvlm
