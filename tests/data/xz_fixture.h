#pragma once

#include <lzma.h>

#include <string>
#include <string_view>

namespace edgetran::data {

/// `text` as an .xz file; `dictionary`: bytes that its decompression asks for, 0: the usual.
inline std::string xz_of(std::string_view text, uint32_t dictionary = 0) {
  lzma_options_lzma options;
  lzma_lzma_preset(&options, 0);
  if (dictionary != 0) options.dict_size = dictionary;
  options.mf = LZMA_MF_HC3;  // its tables are small whatever the dictionary
  lzma_filter filters[] = {{LZMA_FILTER_LZMA2, &options}, {LZMA_VLI_UNKNOWN, nullptr}};
  std::string packed(text.size() + text.size() / 4 + 1024, '\0');
  size_t size = 0;
  if (lzma_stream_buffer_encode(
          filters, LZMA_CHECK_CRC64, nullptr, reinterpret_cast<const uint8_t*>(text.data()),
          text.size(), reinterpret_cast<uint8_t*>(packed.data()), &size, packed.size()) != LZMA_OK)
    return {};
  packed.resize(size);
  return packed;
}

}  // namespace edgetran::data
