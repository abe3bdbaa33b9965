#pragma once

#include <cstdint>
#include <vector>

#include "data/batching.h"
#include "data/tokenizer.h"

namespace edgetran::data {

/// Masked language modelling as in BERT (Devlin et al., 2019, section 3.1).
struct MaskSettings {
  double share = 0.15;             ///< of a row's candidate positions are predicted
  double replace_by_mask = 0.8;    ///< of those become [MASK]
  double replace_by_random = 0.1;  ///< of those become a random ordinary token; the rest stay
};

/// What is to be predicted.
struct MaskedPositions {
  std::vector<int64_t> positions;  ///< ascending flat indices into ids [rows, length]
  std::vector<int32_t> targets;    ///< the ids that stood there
};

/// Masks `batch.ids` in place. Candidates are the valid positions that hold no special token; of a
/// row's c candidates max(1, round(share * c)) are chosen without replacement (none where c = 0).
/// Depends only on (batch, settings, seed, step).
MaskedPositions mask_tokens(Batch& batch, const SpecialIds& special, int64_t vocabulary_size,
                            const MaskSettings& settings, uint64_t seed, int64_t step);

}  // namespace edgetran::data
