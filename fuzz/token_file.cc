// A token file of any bytes: what is accepted must be safe to read, batch and pack.

#include <cstdint>
#include <cstring>
#include <vector>

#include "base/result.h"
#include "data/batching.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace edgetran;
  std::vector<uint64_t> words(size / 8 + 1);  // aligned, as a memory map is
  if (size > 0) std::memcpy(words.data(), data, size);
  const auto file = data::TokenFile::parse(std::as_bytes(std::span(words)).first(size), "fuzz");
  if (!file) return 0;
  for (int64_t row = 0; row < file->rows(); ++row) {
    EDGETRAN_CHECK(file->second_start(row) <= file->length(row), "the second text is in its row");
    for (const int32_t id : file->ids(row))
      EDGETRAN_CHECK(id >= 0 && id < file->info().vocabulary_size, "an id is in the vocabulary");
  }
  if (file->rows() == 0) return 0;
  if (file->info().kind == data::Kind::kText)
    data::BlockSampler(*file, {.rows = 2, .length = 8}, 1).next();
  else
    data::BatchSampler(*file, {.rows = 4}, 1).next();
  return 0;
}
