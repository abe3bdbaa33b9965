#include "train/torch/engine_errors.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <new>
#include <string>
#include <string_view>
#include <system_error>

#include "base/units.h"
#include "train/torch/engine.h"

namespace edgetran::train::torch_engine {
namespace {

using base::ErrorCategory;

// Weights as they were read, in use, their gradients, and AdamW's two moments, in float32.
constexpr double kTrainingBytes = 5 * sizeof(float);
constexpr double kInferenceBytes = 2 * sizeof(float);

/// How the engine's allocators and primitives say that there is no memory.
constexpr std::array<std::string_view, 5> kExhausted = {
    "can't allocate memory", "not enough memory", "out of memory", "out of host memory",
    "could not create a memory object"};

std::string words_of(const std::exception& exception) {
  const auto* error = dynamic_cast<const c10::Error*>(&exception);
  return error != nullptr ? error->what_without_backtrace() : exception.what();
}

bool is_exhaustion(const std::exception& exception, std::string_view words) {
  if (dynamic_cast<const std::bad_alloc*>(&exception) != nullptr) return true;
  if (dynamic_cast<const c10::OutOfMemoryError*>(&exception) != nullptr) return true;
  if (const auto* error = dynamic_cast<const std::system_error*>(&exception)) {
    return error->code() == std::errc::resource_unavailable_try_again ||
           error->code() == std::errc::not_enough_memory;
  }
  return std::any_of(kExhausted.begin(), kExhausted.end(), [&](std::string_view phrase) {
    return words.find(phrase) != std::string_view::npos;
  });
}

/// "you tried to allocate 4096 bytes" as ", when 4.00 KiB more were wanted".
std::string wanted(std::string_view words) {
  constexpr std::string_view kPhrase = "allocate ";
  const size_t at = words.find(kPhrase, words.find("tried to"));
  if (at == std::string_view::npos) return "";
  const std::string number(words.substr(at + kPhrase.size(), 20));
  char* end = nullptr;
  const double bytes = std::strtod(number.c_str(), &end);
  if (end == number.c_str() || !std::string_view(end).starts_with(" bytes")) return "";
  return fmt::format(", when {} more were wanted", base::format_bytes(bytes));
}

base::Error out_of_memory(const TrainJob& job, const JobSize& size, std::string_view words) {
  const bool trains = job.kind == JobKind::kPretrain || job.kind == JobKind::kFinetune;
  std::string message = fmt::format("out of memory in a {} job", job_kind_name(job.kind));
  if (size.parameters > 0) {
    const double bytes = trains ? kTrainingBytes : kInferenceBytes;
    message += fmt::format(" of {} parameters ({} {})", base::format_count(size.parameters),
                           base::format_bytes(bytes * static_cast<double>(size.parameters)),
                           trains ? "with gradients and moments" : "in two copies");
  }
  if (trains) {
    message += fmt::format(" with batches of {} rows", job.settings.batch);
    if (size.longest > 0) message += fmt::format(" of up to {} positions", size.longest);
    if (job.settings.accumulation > 1) {
      message += fmt::format(" in {} pieces", job.settings.accumulation);
    }
  }
  const char* hint = trains ? "raise accumulation (the same step in smaller pieces), use a smaller "
                              "batch, length or model, or give the worker more memory"
                            : "use a smaller model or shorter rows, or give the worker more memory";
  return {ErrorCategory::kResource, message + wanted(words), hint};
}

}  // namespace

base::Error error_from_engine(const std::exception& exception, const TrainJob& job,
                              const JobSize& size) {
  const std::string words = words_of(exception);
  if (is_exhaustion(exception, words)) return out_of_memory(job, size, words);
  return {ErrorCategory::kFailed, "the training engine failed: " + words, {}};
}

base::Error error_from_engine(const std::exception& exception, std::string_view action) {
  const std::string words = words_of(exception);
  if (is_exhaustion(exception, words)) {
    return {ErrorCategory::kResource,
            fmt::format("libtorch cannot {} the model: there is not enough memory{}", action,
                        wanted(words)),
            "use a smaller model, batch or length, or give the program more memory"};
  }
  return {
      ErrorCategory::kFailed, fmt::format("libtorch cannot {} the model: {}", action, words), {}};
}

}  // namespace edgetran::train::torch_engine
