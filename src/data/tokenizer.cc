#include "data/tokenizer.h"

#include <algorithm>

#include "base/result.h"

namespace edgetran::data {

std::vector<int32_t> Tokenizer::encode(std::string_view text) const {
  std::vector<int32_t> ids;
  encode(text, ids);
  return ids;
}

Encoding encode_single(const Tokenizer& tokenizer, std::string_view text, int64_t max_length) {
  EDGETRAN_CHECK(max_length >= 2, "a row holds at least [CLS] and [SEP]");
  Encoding row;
  row.ids.push_back(tokenizer.special().cls);
  tokenizer.encode(text, row.ids);
  row.ids.resize(std::min(row.ids.size(), static_cast<size_t>(max_length - 1)));
  row.ids.push_back(tokenizer.special().separator);
  row.second_start = static_cast<int32_t>(row.ids.size());
  return row;
}

int64_t pair_overhead(PairStyle style) { return style == PairStyle::kRoberta ? 4 : 3; }

Encoding encode_pair(const Tokenizer& tokenizer, std::string_view first, std::string_view second,
                     int64_t max_length) {
  const PairStyle style = tokenizer.pair_style();
  EDGETRAN_CHECK(max_length >= pair_overhead(style), "a row of two texts holds its special tokens");
  const auto room = static_cast<size_t>(max_length - pair_overhead(style));
  const std::vector<int32_t> one = tokenizer.encode(first);
  const std::vector<int32_t> two = tokenizer.encode(second);
  const size_t shorter = std::min({one.size(), two.size(), room / 2});
  const size_t longer = std::min(std::max(one.size(), two.size()), room - shorter);
  const size_t keep_one = one.size() > two.size() ? longer : shorter;
  const size_t keep_two = one.size() > two.size() ? shorter : longer;

  const SpecialIds& special = tokenizer.special();
  Encoding row;
  row.ids.reserve(keep_one + keep_two + static_cast<size_t>(pair_overhead(style)));
  row.ids.push_back(special.cls);
  row.ids.insert(row.ids.end(), one.begin(), one.begin() + static_cast<ptrdiff_t>(keep_one));
  row.ids.push_back(special.separator);
  row.second_start = static_cast<int32_t>(row.ids.size());
  if (style == PairStyle::kRoberta) row.ids.push_back(special.separator);
  row.ids.insert(row.ids.end(), two.begin(), two.begin() + static_cast<ptrdiff_t>(keep_two));
  row.ids.push_back(special.separator);
  if (style == PairStyle::kRoberta) row.second_start = static_cast<int32_t>(row.ids.size());
  return row;
}

}  // namespace edgetran::data
