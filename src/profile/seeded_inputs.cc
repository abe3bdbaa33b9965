#include <fmt/core.h>

#include <cstring>

#include "profile/session.h"

namespace edgetran::profile {

namespace {

template <class T>
std::string fill(int64_t count, const std::function<T()>& next) {
  std::string bytes(static_cast<size_t>(count) * sizeof(T), '\0');
  for (size_t i = 0; i < static_cast<size_t>(count); ++i) {
    const T value = next();
    std::memcpy(bytes.data() + i * sizeof(T), &value, sizeof(T));
  }
  return bytes;
}

}  // namespace

base::Result<std::vector<Tensor>> seeded_inputs(const std::vector<TensorInfo>& infos,
                                                int64_t vocabulary, base::RandomStream stream) {
  std::vector<Tensor> tensors;
  for (const TensorInfo& info : infos) {
    if (info.type != TensorType::kInt64) {
      return base::fail(base::ErrorCategory::kUsage,
                        fmt::format("input \"{}\" of the model is not int64", info.name));
    }
    std::function<int64_t()> next;
    if (info.name == "input_ids") {
      if (vocabulary < 1) {
        return base::fail(base::ErrorCategory::kUsage, "token ids need a vocabulary of at least 1",
                          "set \"vocabulary\"");
      }
      next = [&] { return static_cast<int64_t>(stream.below(static_cast<uint64_t>(vocabulary))); };
    } else if (info.name == "token_type_ids" || info.name == "attention_mask") {
      const int64_t value = info.name == "attention_mask" ? 1 : 0;
      next = [value] { return value; };
    } else {
      return base::fail(base::ErrorCategory::kUsage,
                        fmt::format("the model has an input \"{}\"; known are input_ids, "
                                    "token_type_ids and attention_mask",
                                    info.name));
    }
    tensors.push_back({info, fill<int64_t>(info.elements(), next)});
  }
  return tensors;
}

}  // namespace edgetran::profile
