#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/files.h"
#include "base/result.h"

namespace edgetran::data {

/// A text file to read: mapped as it is, or decompressed in memory where its name ends in .xz.
class InputText {
 public:
  /// Errors: kNotFound, and those of decompress_xz().
  static base::Result<InputText> open(const std::filesystem::path& file);
  std::string_view text() const { return map_ ? map_->text() : std::string_view(content_); }

 private:
  InputText() = default;
  std::unique_ptr<base::MappedFile> map_;
  std::string content_;
};

/// The name that says what the file holds: "a/train.tsv" of "a/train.tsv.xz".
std::filesystem::path without_xz(const std::filesystem::path& file);

/// Whether the file says of itself that it is a part of a data set: its name ends in "_subset"
/// before the extensions.
bool is_subset_file(const std::filesystem::path& file);

}  // namespace edgetran::data
