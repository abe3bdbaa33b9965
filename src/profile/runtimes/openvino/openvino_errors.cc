#include "profile/runtimes/openvino/openvino_errors.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <new>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "base/text.h"

namespace edgetran::profile::openvino {

namespace {

using base::ErrorCategory;

/// A message is read, not searched: what is longer is the engine's log.
constexpr size_t kMaxWords = 400;
/// Nodes of one operator that are named; the others are counted.
constexpr size_t kNamedNodes = 3;

constexpr std::string_view kNoRule = "No conversion rule found for operations: ";
constexpr std::string_view kNoConversion = "Conversion is failed for: ";
constexpr std::string_view kFriendlyName = "with friendly_name '";

/// How the engine, its plug-ins and the library say that there is no memory. The last is what
/// oneDNN says of a tensor whose bytes do not fit its integers.
constexpr std::array<std::string_view, 6> kExhausted = {
    "std::bad_alloc", "Failed to allocate", "Cannot allocate memory",
    "out of memory",  "OUT_OF_HOST_MEMORY", "could not construct a memory descriptor"};

/// Lines that say where in OpenVINO's sources, or what to do with its tools.
constexpr std::array<std::string_view, 7> kNoise = {
    "Exception from ", "FrontEnd API failed",    "Model wasn't fully converted",
    "Summary:",        "To facilitate the conv", "Encountered unconverted",
    "[ ERROR ]"};

/// "Check 'x == y' failed at src/core/a.cpp:65:" is cut off the front.
std::string_view without_check(std::string_view line) {
  constexpr std::string_view kFailedAt = "' failed at ";
  if (!line.starts_with("Check '")) return line;
  const size_t at = line.find(kFailedAt);
  if (at == std::string_view::npos) return line;
  const size_t end = line.find(": ", at);
  return end == std::string_view::npos ? std::string_view() : base::trim(line.substr(end + 1));
}

std::vector<std::string_view> telling_lines(std::string_view text) {
  std::vector<std::string_view> lines;
  for (std::string_view line : base::split(text, '\n')) {
    line = base::trim(line);
    const bool noise = std::any_of(kNoise.begin(), kNoise.end(),
                                   [&](std::string_view start) { return line.starts_with(start); });
    if (noise) continue;
    if (line.starts_with("-- ")) line.remove_prefix(3);
    line = without_check(line);
    if (!line.empty() && std::find(lines.begin(), lines.end(), line) == lines.end()) {
      lines.push_back(line);
    }
  }
  return lines;
}

/// "MatMul" of "opset1::MatMul logits (...)".
std::string_view type_in(std::string_view described) {
  const size_t colons = described.find("::");
  if (colons != std::string_view::npos) described.remove_prefix(colons + 2);
  return described.substr(0, described.find(' '));
}

/// "layer.0 (my.ops.Warp)": the domain stands before the type, as the engine writes it.
std::string full_type(const OnnxNode& node) {
  return node.domain.empty() ? node.type : node.domain + "." + node.type;
}

std::string name_of(const OnnxNode& node) {
  return node.name.empty() ? "output " + base::in_quotes(node.output) : base::in_quotes(node.name);
}

/// "my.ops.Warp (node "a", "b" and 2 more)".
std::string operator_text(std::string_view type, const std::vector<OnnxNode>& nodes) {
  std::vector<std::string> names;
  for (const OnnxNode& node : nodes) {
    if (full_type(node) != type) continue;
    std::string name = name_of(node);
    // The branches of a condition often repeat a name.
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      names.push_back(std::move(name));
    }
  }
  if (names.empty()) return std::string(type);
  const size_t more = names.size() - std::min(names.size(), kNamedNodes);
  names.resize(names.size() - more);
  return fmt::format("{} (node {}{})", type, fmt::join(names, ", "),
                     more > 0 ? fmt::format(" and {} more", more) : std::string());
}

/// The operators that a line of the engine lists: "my.ops.Warp, Det-17" (with the opset's version).
std::string operators_text(std::string_view list, const std::vector<OnnxNode>& nodes) {
  std::vector<std::string> texts;
  for (std::string_view item : base::split(list, ',')) {
    item = base::trim(item);
    const size_t dash = item.rfind('-');
    const bool version = dash != std::string_view::npos && dash + 1 < item.size() &&
                         item.find_first_not_of("0123456789", dash + 1) == std::string_view::npos;
    if (version) item = item.substr(0, dash);
    if (!item.empty()) texts.push_back(operator_text(item, nodes));
  }
  return base::join_words(texts);
}

/// What the engine was doing when it met the node: the operator, as the ONNX file calls it.
std::optional<std::string> validated_operator(std::string_view text,
                                              const std::vector<OnnxNode>& nodes) {
  constexpr std::string_view kWhile = "While validating node '";
  const size_t begin = text.find(kWhile);
  const size_t friendly = text.find(kFriendlyName, begin);
  if (begin == std::string_view::npos || friendly == std::string_view::npos) return std::nullopt;
  const size_t name_at = friendly + kFriendlyName.size();
  const std::string_view name = text.substr(name_at, text.find('\'', name_at) - name_at);
  for (const OnnxNode& node : nodes) {
    if (node.name == name || node.output == name) {
      return fmt::format("{} (node {})", full_type(node), name_of(node));
    }
  }
  return fmt::format("{} (node {})", type_in(text.substr(begin + kWhile.size())),
                     base::in_quotes(name));
}

/// The rest of the line after `phrase`.
std::optional<std::string_view> after(std::string_view text, std::string_view phrase) {
  const size_t at = text.find(phrase);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view rest = text.substr(at + phrase.size());
  return rest.substr(0, rest.find('\n'));
}

std::string cut(std::string text) {
  if (text.size() <= kMaxWords) return base::printable(text);
  size_t end = kMaxWords;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return base::printable(text.substr(0, end)) + "…";
}

}  // namespace

std::string words_of(const std::exception& exception) {
  std::vector<std::string_view> lines = telling_lines(exception.what());
  // The node's name and type are said once, by the caller.
  std::erase_if(lines, [](std::string_view line) {
    return line.starts_with("While validating") && !line.ends_with('.');
  });
  if (lines.empty()) return "it does not say why";
  return cut(fmt::format("{}", fmt::join(lines, " ")));
}

bool is_exhaustion(const std::exception& exception) {
  if (dynamic_cast<const std::bad_alloc*>(&exception) != nullptr) return true;
  if (dynamic_cast<const std::length_error*>(&exception) != nullptr) return true;
  if (const auto* error = dynamic_cast<const std::system_error*>(&exception)) {
    return error->code() == std::errc::resource_unavailable_try_again ||
           error->code() == std::errc::not_enough_memory;
  }
  const std::string_view text = exception.what();
  return std::any_of(kExhausted.begin(), kExhausted.end(), [&](std::string_view phrase) {
    return text.find(phrase) != std::string_view::npos;
  });
}

base::Error error_from_openvino(const std::exception& exception, std::string_view action,
                                const std::vector<OnnxNode>& nodes, ErrorCategory otherwise) {
  if (is_exhaustion(exception)) {
    return {ErrorCategory::kResource,
            fmt::format("OpenVINO cannot {} the model: there is not enough memory ({})", action,
                        words_of(exception)),
            "use a smaller model, batch or length, or give the agent more memory"};
  }
  const std::string_view text = exception.what();
  if (const auto list = after(text, kNoRule)) {
    return {ErrorCategory::kFailed,
            "OpenVINO has no implementation of the operator " + operators_text(*list, nodes),
            "use a runtime that has it, or a model without it"};
  }
  const auto list = after(text, kNoConversion);
  const auto node = list ? operators_text(*list, nodes) : validated_operator(text, nodes);
  const bool operators = list.has_value() || node.has_value();
  return {
      list ? ErrorCategory::kFailed : otherwise,
      fmt::format("OpenVINO cannot {} the model{}: {}", action,
                  operators ? ", at the operator " + *node : std::string(), words_of(exception)),
      {}};
}

}  // namespace edgetran::profile::openvino
