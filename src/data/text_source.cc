#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "data/input_text.h"
#include "data/source.h"

namespace edgetran::data {
namespace {

using base::ErrorCategory;
using base::fail;
using base::Result;

/// Walks over the documents of a text; each is given as it stands, line ends inside included.
class Documents {
 public:
  explicit Documents(std::string_view text) : text_(text), by_line_(!has_blank_line(text)) {}

  bool next(std::string_view& document) {
    size_t start = std::string_view::npos;
    while (position_ < text_.size()) {
      const size_t line_start = position_;
      const std::string_view line = base::trim(take_line());
      if (line.empty()) {
        if (start == std::string_view::npos) continue;
        document = text_.substr(start, line_start - start);
        return true;
      }
      if (start == std::string_view::npos) start = line_start;
      if (by_line_) break;
    }
    if (start == std::string_view::npos) return false;
    document = text_.substr(start, position_ - start);
    return true;
  }
  /// Bytes walked over so far.
  size_t position() const { return position_; }

 private:
  static bool has_blank_line(std::string_view text) {
    const std::string_view body = base::trim(text);
    for (size_t at = body.find('\n'); at != std::string_view::npos;) {
      const size_t next = body.find('\n', at + 1);
      if (next != std::string_view::npos && base::trim(body.substr(at, next - at)).empty())
        return true;
      at = next;
    }
    return false;
  }
  std::string_view take_line() {
    const size_t end = std::min(text_.find('\n', position_), text_.size());
    const std::string_view line = text_.substr(position_, end - position_);
    position_ = std::min(end + 1, text_.size());
    return line;
  }
  std::string_view text_;
  bool by_line_;
  size_t position_ = 0;
};

class TextSource final : public DataSource {
 public:
  explicit TextSource(TextSettings settings) : settings_(std::move(settings)) {}

  Kind kind() const override { return Kind::kText; }
  std::vector<std::string> splits() const override { return {"train", "valid"}; }
  std::vector<std::string> subsets() const override {
    std::vector<std::string> names;
    if (is_subset_file(settings_.file)) names.emplace_back("train");
    const bool own_valid = !settings_.valid_file.empty();
    if (is_subset_file(own_valid ? settings_.valid_file : settings_.file))
      names.emplace_back("valid");
    return names;
  }
  std::vector<std::filesystem::path> files() const override {
    std::vector<std::filesystem::path> files{settings_.file};
    if (!settings_.valid_file.empty()) files.emplace_back(settings_.valid_file);
    return files;
  }
  base::Json settings() const override {
    return {{"source", "text"}, {"valid_share", settings_.valid_share}};
  }

  Result<std::vector<std::string>> read(const RowVisitor& visit) const override {
    const bool own_valid = !settings_.valid_file.empty();
    EDGETRAN_TRY(read_file(settings_.file, own_valid ? 0 : settings_.valid_share, visit, 0));
    if (own_valid) EDGETRAN_TRY(read_file(settings_.valid_file, 0, visit, 1));
    return std::vector<std::string>();
  }

 private:
  static base::Status read_file(const std::string& name, double valid_share,
                                const RowVisitor& visit, size_t split) {
    EDGETRAN_ASSIGN(const InputText input, InputText::open(name));
    std::string_view text = input.text();
    if (const auto bad = base::first_invalid_utf8(text))
      return fail(ErrorCategory::kUsage, fmt::format("{}: invalid UTF-8 at byte {}", name, *bad),
                  "save the file as UTF-8");
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    if (base::trim(text).empty())
      return fail(ErrorCategory::kUsage, fmt::format("{}: the file is empty", name),
                  "give a text file with at least one line");
    const auto train_bytes =
        static_cast<size_t>(static_cast<double>(text.size()) * (1.0 - valid_share));
    Documents documents(text);
    int64_t rows[2] = {0, 0};
    for (std::string_view document; documents.next(document);) {
      // The first document always trains, so that a tiny text is not all held out.
      const bool held_out = rows[split] > 0 && documents.position() > train_bytes;
      const size_t where = held_out && valid_share > 0 ? 1 : split;
      ++rows[where];
      EDGETRAN_TRY(visit(where, {.first = document, .second = {}}));
    }
    return {};
  }

  TextSettings settings_;
};

}  // namespace

std::unique_ptr<DataSource> make_text_source(TextSettings settings) {
  return std::make_unique<TextSource>(std::move(settings));
}

}  // namespace edgetran::data
