// From pieces back to text: the decoder steps of a tokenizer.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/model/tokenizer_data.h"

namespace qvlm {

/// The text of a whole sequence of pieces, as Hugging Face's decoders (or SentencePiece's, for a model without decoder steps) give it.
std::string text_of_pieces(const TokenizerData& data, std::vector<std::string> pieces);

/// The bytes of one piece as a stream shows them; `first`: no piece stands before it. The pieces' bytes in a row are the bytes of
/// text_of_pieces, wherever these are UTF-8.
std::string bytes_of_piece(const TokenizerData& data, std::string_view piece, bool first);

}  // namespace qvlm
