#pragma once

#include <string>
#include <string_view>

namespace edgetran::weights {

/// Hugging Face's name of a tensor of our model files, without the prefix "bert.":
/// "layers.3.query.weight" is "encoder.layer.3.attention.self.query.weight". Empty for a tensor
/// that a BERT has not.
std::string huggingface_name(std::string_view name);

/// A tensor's name as huggingface_name gives it: without the prefix "bert.", layer norms' "gamma"
/// and "beta" (checkpoints that came from TensorFlow) as "weight" and "bias".
std::string plain_huggingface_name(std::string_view name);

/// Whether the tensor belongs to a task head, which stands outside the prefix "bert.".
bool is_huggingface_head(std::string_view plain_name);

}  // namespace edgetran::weights
