#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/files.h"
#include "base/hash.h"
#include "base/text.h"
#include "data/source.h"
#include "data/wordnet.h"

namespace edgetran::data {
namespace {

using base::ErrorCategory;
using base::fail;
using base::Result;

constexpr std::array kPartsOfSpeech = {"noun", "verb", "adj", "adv"};
constexpr double kTwoTo64 = 18446744073709551616.0;

auto malformed(std::string_view what) {
  return fail(ErrorCategory::kCorrupt, std::string(what),
              "reinstall Debian's package wordnet-base");
}

class WordNetSource final : public DataSource {
 public:
  explicit WordNetSource(WordNetSettings settings) : settings_(std::move(settings)) {}

  Kind kind() const override { return Kind::kClassification; }
  std::vector<std::string> splits() const override { return {"train", "dev", "test"}; }
  std::vector<std::filesystem::path> files() const override {
    std::vector<std::filesystem::path> files;
    files.reserve(std::size(kPartsOfSpeech));
    for (const char* part : kPartsOfSpeech) files.push_back(file(part));
    return files;
  }
  base::Json settings() const override {
    return {{"source", "wordnet"},
            {"seed", settings_.seed},
            {"dev_share", settings_.dev_share},
            {"test_share", settings_.test_share}};
  }

  Result<std::vector<std::string>> read(const RowVisitor& visit) const override {
    // Two passes: the classes are those that occur, so they are known only after the first.
    std::array<bool, kLexicographerFiles> seen{};
    std::vector<std::string> names(kLexicographerFiles);
    EDGETRAN_TRY(each_gloss([&](const char* part, const Gloss& gloss) -> base::Status {
      const auto number = static_cast<size_t>(gloss.file_number);
      seen[number] = true;
      names[number] = fmt::format("{}.{:02}", part, gloss.file_number);
      return {};
    }));
    std::vector<std::string> present;
    std::array<int32_t, kLexicographerFiles> label{};
    for (size_t number = 0; number < seen.size(); ++number) {
      label[number] = static_cast<int32_t>(present.size());
      if (seen[number]) present.push_back(names[number]);
    }
    EDGETRAN_TRY(each_gloss([&](const char*, const Gloss& gloss) -> base::Status {
      return visit(split_of(gloss.text), {.first = gloss.text,
                                          .second = {},
                                          .label = label[static_cast<size_t>(gloss.file_number)]});
    }));
    return present;
  }

 private:
  std::filesystem::path file(const char* part) const {
    return std::filesystem::path(settings_.folder) / fmt::format("data.{}", part);
  }

  size_t split_of(std::string_view gloss) const {
    const uint64_t hash = base::stable_hash(fmt::format("{}\n{}", settings_.seed, gloss));
    const double share = static_cast<double>(hash) / kTwoTo64;
    if (share < settings_.dev_share) return 1;
    return share < settings_.dev_share + settings_.test_share ? 2 : 0;
  }

  base::Status each_gloss(
      const std::function<base::Status(const char* part, const Gloss& gloss)>& visit) const {
    for (const char* part : kPartsOfSpeech) {
      const std::filesystem::path path = file(part);
      const auto map = base::MappedFile::open(path);
      if (!map)
        return fail(map.error().category,
                    fmt::format("WordNet's glosses are not there: {}", map.error().message),
                    "install them (apt-get install wordnet-base), or name the folder that holds "
                    "data.noun, data.verb, data.adj and data.adv");
      std::string_view text = map->text();
      for (int64_t line = 1; !text.empty(); ++line) {
        const size_t end = std::min(text.find('\n'), text.size());
        const auto gloss = parse_gloss(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        if (!gloss) return fail(gloss.error().within(fmt::format("{}:{}", path.string(), line)));
        if (*gloss) EDGETRAN_TRY(visit(part, **gloss));
      }
    }
    return {};
  }

  WordNetSettings settings_;
};

}  // namespace

Result<std::optional<Gloss>> parse_gloss(std::string_view line) {
  if (line.starts_with("  ") || base::trim(line).empty()) return std::nullopt;
  Gloss gloss;
  const size_t blank = line.find(' ');
  const std::string_view number =
      blank == std::string_view::npos ? std::string_view() : line.substr(blank + 1, 2);
  const char* end = number.data() + number.size();
  const auto [stop, problem] = std::from_chars(number.data(), end, gloss.file_number);
  if (number.size() != 2 || problem != std::errc() || stop != end || gloss.file_number < 0 ||
      gloss.file_number >= kLexicographerFiles)
    return malformed("the second field is no lexicographer file number from 00 to 44");
  constexpr std::string_view kMark = " | ";
  const size_t mark = line.find(kMark);
  if (mark == std::string_view::npos) return malformed("there is no gloss after ' | '");
  gloss.text = base::trim(line.substr(mark + kMark.size()));
  if (gloss.text.empty()) return malformed("the gloss after ' | ' is empty");
  return gloss;
}

std::unique_ptr<DataSource> make_wordnet_source(WordNetSettings settings) {
  return std::make_unique<WordNetSource>(std::move(settings));
}

}  // namespace edgetran::data
