// A QuantizedMatrix in a GGUF file of the architecture `qvlm`: three tensors NAME.codes, NAME.scales, NAME.zeros, for
// grids that no block type of GGUF holds without being larger; NAME.codebook and NAME.residual.{left, right} where it has them. Scales that
// are quantized themselves are NAME.scales.codes, NAME.scales.maxima and NAME.scales.mean; the rows of such a matrix stand in the order of
// the checkpoint, not in llama.cpp's rotary order, for their blocks of 256 go over rows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/model/gguf.h"
#include "core/model/gguf_writer.h"
#include "core/model/quantized_matrix.h"

namespace qvlm {

/// Codes of each row one behind the other, `bits` each, lowest bit first; a row starts on a byte. [rows, ceil(columns *
/// bits / 8)]
std::vector<uint8_t> pack_codes(const QuantizedMatrix& matrix);
/// Backwards. `packed` holds exactly rows of that length (checked by the caller).
std::vector<uint8_t> unpack_codes(std::span<const std::byte> packed, int64_t rows, int64_t columns, int bits);

/// The table of a file's planes: which names are matrices, and how their codes are packed. Kept as the keys
/// qvlm.planes.{names, bits, groups, symmetric}, and, where any matrix needs them, qvlm.planes.{codebooks, ranks, double_scales}.
struct PlaneTable {
  struct Entry {
    std::string name;
    int bits = 0;
    int64_t group = 0;
    bool symmetric = false;
    bool codebook = false;
    int64_t rank = 0;  // of the low-rank residual; 0: none
    bool double_scales = false;
  };
  std::vector<Entry> entries;
};

/// Throws Error naming file and key. A file without the keys has no planes.
PlaneTable read_plane_table(const GgufFile& file);
void write_plane_table(GgufWriter& writer, const PlaneTable& table);

/// The tensors that an entry consists of: NAME.codes, NAME.scales, and those of the others that it has.
std::vector<std::string> tensors_of(const PlaneTable::Entry& entry);

/// Adds the tensors of one matrix (zeros only where they differ), and its entry.
void write_planes(GgufWriter& writer, PlaneTable& table, const std::string& name, const QuantizedMatrix& matrix);
/// Throws Error naming file and tensor: absent, sizes that do not fit, codes or zeros out of range.
QuantizedMatrix read_planes(const GgufFile& file, const PlaneTable::Entry& entry, int64_t rows, int64_t columns);

}  // namespace qvlm
