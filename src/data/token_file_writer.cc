#include <fmt/format.h>

#include <cmath>
#include <cstring>
#include <utility>

#include "data/token_file.h"
#include "data/token_layout.h"

namespace edgetran::data {
namespace {

using base::Json;
using base::Result;
using base::Status;

constexpr size_t kBufferBytes = size_t{1} << 20;

template <class T>
std::string_view bytes_of(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

Json describe(const TokenFileInfo& info, int64_t rows, int64_t tokens) {
  const SpecialIds& special = info.special;
  Json json = {{"format", kTokenFormat},
               {"kind", kind_name(info.kind)},
               {"rows", rows},
               {"tokens", tokens},
               {"vocabulary_size", info.vocabulary_size},
               {"max_length", info.max_length},
               {"special",
                {{"pad", special.pad},
                 {"unknown", special.unknown},
                 {"cls", special.cls},
                 {"separator", special.separator},
                 {"mask", special.mask}}}};
  if (info.kind == Kind::kClassification) json["label_names"] = info.label_names;
  json["origin"] = info.origin;
  return json;
}

}  // namespace

struct TokenFileWriter::Impl {
  base::AtomicFile file;
  TokenFileInfo info;
  uint64_t position = 0;
  std::string buffer;
  std::vector<int64_t> offsets{0};
  std::vector<int32_t> second_starts;
  std::vector<int32_t> labels;
  std::vector<float> scores;

  Status write(std::string_view bytes) {
    position += bytes.size();
    buffer += bytes;
    return buffer.size() < kBufferBytes ? Status() : flush();
  }
  Status flush() {
    EDGETRAN_TRY(file.write(buffer));
    buffer.clear();
    return {};
  }
  Status pad() { return write(std::string(align8(position) - position, '\0')); }
  Status add(std::span<const int32_t> ids) {
    for (const int32_t id : ids)
      EDGETRAN_CHECK(id >= 0 && id < info.vocabulary_size, "id outside of the vocabulary");
    offsets.push_back(offsets.back() + static_cast<int64_t>(ids.size()));
    return write({reinterpret_cast<const char*>(ids.data()), ids.size_bytes()});
  }
  Status add_labelled(const Encoding& row) {
    const auto size = static_cast<int64_t>(row.ids.size());
    EDGETRAN_CHECK(size >= 2 && size <= info.max_length, "row length out of range");
    EDGETRAN_CHECK(row.second_start >= 0 && row.second_start <= size, "second text out of range");
    second_starts.push_back(row.second_start);
    return add(row.ids);
  }
};

TokenFileWriter::TokenFileWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TokenFileWriter::TokenFileWriter(TokenFileWriter&&) noexcept = default;
TokenFileWriter& TokenFileWriter::operator=(TokenFileWriter&&) noexcept = default;
TokenFileWriter::~TokenFileWriter() = default;

Result<TokenFileWriter> TokenFileWriter::create(const std::filesystem::path& path,
                                                TokenFileInfo info) {
  EDGETRAN_ASSIGN(base::AtomicFile file, base::AtomicFile::create(path));
  auto impl = std::make_unique<Impl>(Impl{.file = std::move(file),
                                          .info = std::move(info),
                                          .buffer = {},
                                          .second_starts = {},
                                          .labels = {},
                                          .scores = {}});
  EDGETRAN_TRY(impl->write(kTokenMagic));
  return TokenFileWriter(std::move(impl));
}

Status TokenFileWriter::add_text(std::span<const int32_t> ids) {
  EDGETRAN_CHECK(impl_->info.kind == Kind::kText, "this file's rows have labels");
  if (ids.empty()) return {};
  return impl_->add(ids);
}

Status TokenFileWriter::add_classified(const Encoding& row, int32_t label) {
  EDGETRAN_CHECK(impl_->info.kind == Kind::kClassification, "this file's rows have no class");
  EDGETRAN_CHECK(label >= 0, "a class is not negative");
  impl_->labels.push_back(label);
  return impl_->add_labelled(row);
}

Status TokenFileWriter::add_scored(const Encoding& row, float score) {
  EDGETRAN_CHECK(impl_->info.kind == Kind::kRegression, "this file's rows have no score");
  EDGETRAN_CHECK(std::isfinite(score), "a score is finite");
  impl_->scores.push_back(score);
  return impl_->add_labelled(row);
}

int64_t TokenFileWriter::rows() const { return static_cast<int64_t>(impl_->offsets.size()) - 1; }

Status TokenFileWriter::finish(std::vector<std::string> label_names) {
  Impl& out = *impl_;
  if (!label_names.empty()) out.info.label_names = std::move(label_names);
  for (const int32_t label : out.labels)
    EDGETRAN_CHECK(static_cast<size_t>(label) < out.info.label_names.size(), "class has no name");
  EDGETRAN_TRY(out.pad());
  EDGETRAN_TRY(out.write(bytes_of(out.offsets)));
  if (out.info.kind != Kind::kText) {
    EDGETRAN_TRY(out.write(bytes_of(out.second_starts)));
    EDGETRAN_TRY(out.pad());
    EDGETRAN_TRY(out.write(out.info.kind == Kind::kRegression ? bytes_of(out.scores)
                                                              : bytes_of(out.labels)));
    EDGETRAN_TRY(out.pad());
  }
  const std::string description = base::dump_json(describe(out.info, rows(), out.offsets.back()));
  const uint64_t length = description.size();
  EDGETRAN_TRY(out.write(description));
  EDGETRAN_TRY(out.write({reinterpret_cast<const char*>(&length), sizeof length}));
  EDGETRAN_TRY(out.write(kTokenEndMagic));
  EDGETRAN_TRY(out.flush());
  return out.file.commit();
}

}  // namespace edgetran::data
