#include "device/replay_board.h"

#include <gtest/gtest.h>

#include "base/files.h"
#include "base/hash.h"
#include "replay_tables.h"

namespace edgetran::device {
namespace {

using base::ErrorCategory;
using base::Json;

const Json kSpec = published_spec({"sa_sdp_64", "c_5_64"});
const Json kAbsent = published_spec({"c_9_64", "c_9_64"});

/// A folder with a table and a card that names it.
class ReplayBoardTest : public ::testing::Test {
 protected:
  base::Result<Card> card(const std::string& file, const std::string& text, int64_t batch = 1,
                          int64_t length = 128, const std::string& keys = "") {
    EXPECT_TRUE(base::write_file_atomic(folder_.path() / file, text));
    const auto path = folder_.path() / "card.yaml";
    EXPECT_TRUE(base::write_file_atomic(
        path,
        "format: edgetran.device/1\nboard: {name: old-board, kind: replay, cores: 4, table: " +
            file + keys +
            "}\ndeployments:\n  - {name: one, runtime: openvino, precision: fp32, "
            "threads: 1, batch: " +
            std::to_string(batch) + ", length: " + std::to_string(length) + "}\n"));
    return read_card_file(path);
  }

  base::Result<Measurement> measure(const Card& card, const Json& spec, BoardOptions options = {}) {
    MeasureRequest request;
    request.deployment = "one";
    request.spec = spec_of(spec);
    base::NullSink sink;
    return make_board(card, std::move(options))->measure(request, sink, {});
  }

  base::TemporaryFolder folder_ = std::move(*base::TemporaryFolder::create("replay-test"));
};

TEST_F(ReplayBoardTest, APublishedRowIsAnsweredForTheWholeBatch) {
  const auto read =
      card("gpu_x_b32_r3.json", base::dump_json(published_table()), 32, 128, ", boundary: module");
  ASSERT_TRUE(read) << read.error().message;
  const auto measured = measure(*read, kSpec);
  ASSERT_TRUE(measured) << measured.error().message;
  const Json& record = measured->record;
  EXPECT_EQ(record["kind"], "replayed");
  EXPECT_EQ(record["device"], "old-board");
  EXPECT_DOUBLE_EQ(record["latency"]["median_s"].get<double>(), 0.5 * 32);
  EXPECT_TRUE(record["latency"]["low_s"].is_null());
  EXPECT_DOUBLE_EQ(record["energy"]["gross_j"].get<double>(), 32);
  EXPECT_TRUE(record["energy"]["net_j"].is_null());
  EXPECT_EQ(record["energy"]["boundary"], "module");
  EXPECT_DOUBLE_EQ(record["power"]["mean_w"].get<double>(), 2);
  EXPECT_DOUBLE_EQ(record["power"]["peak_w"][0]["value_w"].get<double>(), 3.5);
  EXPECT_TRUE(record["power"]["peak_w"][0]["bandwidth_s"].is_null());
  EXPECT_EQ(record["flags"], Json::array({"NO_INTERVAL"}));
  EXPECT_EQ(record["verdict"], "FLAGGED");
}

TEST_F(ReplayBoardTest, ProvenanceNamesTheFileItsHashAndTheRow) {
  const std::string text = base::dump_json(published_table());
  const auto measured = measure(*card("cpu_x_b1_r1.json", text), kSpec);
  ASSERT_TRUE(measured);
  const Json& table = measured->record["provenance"]["table"];
  EXPECT_EQ(table["file"], "cpu_x_b1_r1.json");
  EXPECT_EQ(table["sha256"], base::sha256_hex(text));
  EXPECT_EQ(table["row"], "aa");
  EXPECT_EQ(measured->record["raw"]["sha256"], base::sha256_hex(measured->raw));
  EXPECT_NE(measured->raw.find("\"latency\":0.5"), std::string::npos) << measured->raw;
}

TEST_F(ReplayBoardTest, APeakBelowTheMeanPowerIsImpossible) {
  Json json = published_table();
  json["aa"]["performance"]["peak_power"] = 1.5;
  const auto measured = measure(*card("t.json", base::dump_json(json)), kSpec);
  ASSERT_TRUE(measured);
  EXPECT_EQ(measured->record["verdict"], "INVALID");
  EXPECT_EQ(measured->record["flags"][1], "IMPOSSIBLE");
}

TEST_F(ReplayBoardTest, OurOwnRowKeepsItsIntervalAndIsReplayed) {
  const auto measured =
      measure(*card("m.jsonl", measurements_table({measurement_row(kSpec, 0.01)}), 1, 64), kSpec);
  ASSERT_TRUE(measured) << measured.error().message;
  const Json& record = measured->record;
  EXPECT_EQ(record["kind"], "replayed");
  EXPECT_EQ(record["device"], "old-board");
  EXPECT_EQ(record["deployment"], "one");
  EXPECT_DOUBLE_EQ(record["latency"]["high_s"].get<double>(), 0.01 * 1.03);
  EXPECT_EQ(record["provenance"]["table"]["kind"], "measured");
  EXPECT_EQ(record["provenance"]["table"]["device"], "board");
  EXPECT_EQ(record["provenance"]["table"]["raw"]["bytes"], 7);
}

TEST_F(ReplayBoardTest, OfRepeatsTheMiddleOneAnswers) {
  std::vector<Json> rows;
  for (const double median_s : {0.012, 0.010, 0.011})
    rows.push_back(measurement_row(kSpec, median_s));
  const auto measured = measure(*card("m.jsonl", measurements_table(rows), 1, 64), kSpec);
  ASSERT_TRUE(measured);
  EXPECT_DOUBLE_EQ(measured->record["latency"]["median_s"].get<double>(), 0.011);
  EXPECT_EQ(measured->record["provenance"]["table"]["rows"], 3);
}

TEST_F(ReplayBoardTest, WhatWasModelledStaysModelled) {
  Json row = measurement_row(kSpec, 0.01);
  row["record"]["kind"] = "modelled";
  const auto measured = measure(*card("m.jsonl", measurements_table({row}), 1, 64), kSpec);
  ASSERT_TRUE(measured);
  EXPECT_EQ(measured->record["kind"], "modelled");
}

TEST_F(ReplayBoardTest, AModelWithoutARowIsRefused) {
  const auto measured =
      measure(*card("cpu_x_b1_r1.json", base::dump_json(published_table())), kAbsent);
  ASSERT_FALSE(measured);
  EXPECT_EQ(measured.error().category, ErrorCategory::kNotFound);
}

class FixedPredictor final : public Predictor {
 public:
  explicit FixedPredictor(double latency_s) : latency_s_(latency_s) {}
  std::string name() const override { return "fixed/1"; }
  base::Result<Prediction> predict(const space::ModelSpec& /*spec*/, const BoardInfo& /*board*/,
                                   const Deployment& deployment) const override {
    Prediction prediction;
    prediction.latency_s = latency_s_ * static_cast<double>(deployment.batch);
    prediction.latency_low_s = prediction.latency_s * 0.9;
    prediction.latency_high_s = prediction.latency_s * 1.1;
    prediction.energy_j = 3;
    return prediction;
  }

 private:
  double latency_s_;
};

BoardOptions predicting(double latency_s) {
  BoardOptions options;
  options.predictor = std::make_shared<FixedPredictor>(latency_s);
  return options;
}

TEST_F(ReplayBoardTest, APredictorsAnswerIsLabelledModelled) {
  const auto read = card("cpu_x_b1_r1.json", base::dump_json(published_table()));
  const auto measured = measure(*read, kAbsent, predicting(0.25));
  ASSERT_TRUE(measured) << measured.error().message;
  EXPECT_EQ(measured->record["kind"], "modelled");
  EXPECT_DOUBLE_EQ(measured->record["latency"]["high_s"].get<double>(), 0.275);
  EXPECT_EQ(measured->record["energy"]["boundary"], "estimate");
  EXPECT_EQ(measured->record["provenance"]["predictor"], "fixed/1");
  // A row is better than a prediction.
  EXPECT_EQ(measure(*read, kSpec, predicting(0.25))->record["kind"], "replayed");
}

TEST_F(ReplayBoardTest, APredictionThatCannotBeIsRefused) {
  const auto read = card("cpu_x_b1_r1.json", base::dump_json(published_table()));
  EXPECT_EQ(measure(*read, kAbsent, predicting(-1)).error().category, ErrorCategory::kFailed);
  EXPECT_EQ(measure(*read, kAbsent, predicting(NAN)).error().category, ErrorCategory::kFailed);
}

TEST_F(ReplayBoardTest, NeedsTheSpecAndComputesNothing) {
  const auto read = card("cpu_x_b1_r1.json", base::dump_json(published_table()));
  const auto board = make_board(*read, {});
  MeasureRequest request;
  request.deployment = "one";
  base::NullSink sink;
  EXPECT_EQ(board->measure(request, sink, {}).error().category, ErrorCategory::kUsage);
  EXPECT_EQ(board->run_outputs(request, "", {}).error().category, ErrorCategory::kDevice);
  EXPECT_EQ(board->convert(request, {}).error().category, ErrorCategory::kDevice);
}

TEST_F(ReplayBoardTest, TheTableIsReadOnce) {
  const auto read = card("cpu_x_b1_r1.json", base::dump_json(published_table()));
  const auto board = make_board(*read, {});
  MeasureRequest request;
  request.deployment = "one";
  request.spec = spec_of(kSpec);
  base::NullSink sink;
  ASSERT_TRUE(board->measure(request, sink, {}));
  std::filesystem::remove(folder_.path() / "cpu_x_b1_r1.json");
  EXPECT_TRUE(board->measure(request, sink, {}));
}

TEST_F(ReplayBoardTest, ACardIsWrittenBackAsItWasRead) {
  const auto read = card("t.json", "{}", 1, 128, ", device: left, boundary: wall");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->board.replay.table, folder_.path() / "t.json");
  const auto again = read_card(base::ConfigValue::from_json(card_json(*read), "card"));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(card_json(*again), card_json(*read));
}

TEST_F(ReplayBoardTest, ACardWithoutATableOrOfAnUnknownBoundaryIsAUsageError) {
  EXPECT_FALSE(card("t.json", "{}", 1, 128, ", boundary: socket"));
  const auto value = base::ConfigValue::parse_yaml(
      "format: edgetran.device/1\nboard: {name: b, kind: replay, cores: 1}\ndeployments: []\n",
      "c");
  const auto read = read_card(*value);
  ASSERT_FALSE(read);
  EXPECT_NE(read.error().message.find("table"), std::string::npos);
}

}  // namespace
}  // namespace edgetran::device
