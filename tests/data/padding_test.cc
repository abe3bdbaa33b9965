// How much of a fine-tuning epoch is padding, on lengths as real texts have them.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "base/random.h"
#include "data/batching.h"
#include "data_fixture.h"
#include "shared_data.h"

namespace edgetran::data {
namespace {

constexpr double kMostPadding = 0.05;

/// Log-normal lengths, cut as a tokenizer cuts them: median 9 tokens and a long tail, as SST-2's
/// training rows, which are phrases of its sentences.
std::vector<int64_t> log_normal_lengths(size_t rows, double median, double sigma, uint64_t seed) {
  base::RandomStream random(seed, "lengths");
  std::vector<int64_t> lengths;
  for (size_t i = 0; i < rows; ++i) {
    const double tokens = std::round(std::exp(std::log(median) + sigma * random.normal()));
    lengths.push_back(std::clamp<int64_t>(static_cast<int64_t>(tokens) + 2, 3, 128));
  }
  return lengths;
}

/// What xz says the file holds; empty where it cannot.
std::string unpack(const std::filesystem::path& path) {
  std::FILE* pipe = popen(("xz --decompress --stdout '" + path.string() + "'").c_str(), "r");
  if (pipe == nullptr) return "";
  std::string text;
  std::array<char, 65536> buffer{};
  for (size_t got; (got = fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) {
    text.append(buffer.data(), got);
  }
  return pclose(pipe) == 0 ? text : "";
}

class PaddingTest : public FolderTest {
 protected:
  double padding(const std::vector<int64_t>& lengths, int64_t batch, uint64_t seed) {
    const TokenFile file = file_of_lengths(folder() / "rows.tokens", lengths);
    BatchSampler sampler(file, {.rows = batch}, seed);
    double worst = 0;
    for (int epoch = 0; epoch < 3; ++epoch) {
      sampler.seek({epoch, 0});
      worst = std::max(worst, sampler.padding_share());
    }
    return worst;
  }
};

TEST_F(PaddingTest, StaysUnderFivePercentOnLogNormalLengths) {
  // Sentences are longer and vary less than phrases. Large batches of few rows cannot do it: 32
  // batches of 64 have 8 % (the longest rows differ too much), whatever their order.
  for (const auto& [median, sigma] : {std::pair{9.0, 0.75}, {25.0, 0.5}, {50.0, 0.9}}) {
    for (const auto& [rows, batch] : {std::pair{2000, 16}, {2000, 32}, {20000, 32}, {20000, 64}}) {
      const auto lengths = log_normal_lengths(static_cast<size_t>(rows), median, sigma, 7);
      EXPECT_LT(padding(lengths, batch, 3), kMostPadding)
          << median << ", " << rows << " rows, batch " << batch;
    }
  }
}

TEST_F(PaddingTest, OfRowsInNoOrderWouldBeMost) {
  const auto lengths = log_normal_lengths(4000, 9, 0.75, 7);
  const TokenFile file = file_of_lengths(folder() / "rows.tokens", lengths);
  EXPECT_GT(BatchSampler(file, {.rows = 32, .window_batches = 1}, 3).padding_share(), 0.5);
}

TEST_F(PaddingTest, StaysUnderFivePercentOnSst2) {
  const auto data = shared_data();
  if (!std::filesystem::is_directory(data)) GTEST_SKIP() << data << " is not there";
  const auto tokenizer = load_wordpiece(data / "tokenizers/bert-base-uncased/vocab.txt");
  ASSERT_TRUE(tokenizer) << tokenizer.error().message;
  std::istringstream rows(unpack(data / "glue/SST-2/train.tsv.xz"));
  std::string line;
  if (!std::getline(rows, line)) GTEST_SKIP() << "xz cannot be run here";
  std::vector<int64_t> lengths;
  while (std::getline(rows, line)) {
    const Encoding row = encode_single(**tokenizer, line.substr(0, line.rfind('\t')), 128);
    lengths.push_back(static_cast<int64_t>(row.ids.size()));
  }
  ASSERT_EQ(lengths.size(), 67349U);
  for (const int64_t batch : {16, 32, 64}) {
    const double share = padding(lengths, batch, 1);
    RecordProperty("padding_percent_batch_" + std::to_string(batch), std::to_string(100 * share));
    EXPECT_LT(share, kMostPadding) << "batch " << batch;
  }
}

}  // namespace
}  // namespace edgetran::data
