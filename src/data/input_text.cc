#include "data/input_text.h"

#include "data/xz.h"

namespace edgetran::data {

base::Result<InputText> InputText::open(const std::filesystem::path& file) {
  EDGETRAN_ASSIGN(base::MappedFile map, base::MappedFile::open(file));
  InputText input;
  if (without_xz(file) == file)
    input.map_ = std::make_unique<base::MappedFile>(std::move(map));
  else {
    EDGETRAN_ASSIGN(input.content_, decompress_xz(map.text(), file.string()));
  }
  return input;
}

std::filesystem::path without_xz(const std::filesystem::path& file) {
  return file.extension() == ".xz" ? file.parent_path() / file.stem() : file;
}

bool is_subset_file(const std::filesystem::path& file) {
  return without_xz(file).stem().string().ends_with("_subset");
}

}  // namespace edgetran::data
