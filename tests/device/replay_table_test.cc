#include "device/replay_table.h"

#include <gtest/gtest.h>

#include "replay_tables.h"

namespace edgetran::device {
namespace {

using base::ErrorCategory;
using base::Json;

base::Result<ReplayTable> published(const Json& json, const char* file = "cpu_x_b1_r3.json") {
  return ReplayTable::parse(base::dump_json(json), file);
}

base::Result<ReplayTable> ours(const std::vector<Json>& rows) {
  return ReplayTable::parse(measurements_table(rows), "measurements.jsonl");
}

/// Expects a kCorrupt error whose message has `word`.
void expect_corrupt(const base::Result<ReplayTable>& table, const std::string& word) {
  ASSERT_FALSE(table) << word;
  EXPECT_EQ(table.error().category, ErrorCategory::kCorrupt) << table.error().message;
  const std::string all = table.error().message + table.error().hint;
  EXPECT_NE(all.find(word), std::string::npos) << all;
}

TEST(PublishedTable, FindsAModelWhateverTheOrderOfItsHeads) {
  const auto table = published(published_table());
  ASSERT_TRUE(table) << table.error().message;
  EXPECT_EQ(table->format(), ReplayTable::Format::kPublished);
  EXPECT_EQ(table->runs(), 3);
  const auto rows =
      table->find(spec_of(published_spec({"c_5_64", "sa_sdp_64"})), replay_deployment(), "");
  ASSERT_TRUE(rows) << rows.error().message;
  EXPECT_EQ(rows->front()->name, "aa");
  EXPECT_DOUBLE_EQ(rows->front()->latency_s, 0.5);
}

TEST(PublishedTable, AnAbsentModelIsRefusedWithTheNearest) {
  const auto table = published(published_table());
  const auto rows =
      table->find(spec_of(published_spec({"sa_sdp_64", "c_9_64"})), replay_deployment(), "");
  ASSERT_FALSE(rows);
  EXPECT_EQ(rows.error().category, ErrorCategory::kNotFound);
  for (const char* word : {"among its 2", "aa", "1 place"}) {
    EXPECT_NE(rows.error().message.find(word), std::string::npos) << rows.error().message;
  }
}

TEST(PublishedTable, AnotherBatchOrLengthIsAUsageError) {
  const auto table = published(published_table(), "gpu_a100_b128_r3.json");
  const auto spec = spec_of(published_spec({"sa_sdp_64", "c_5_64"}));
  EXPECT_TRUE(table->find(spec, replay_deployment(128), ""));
  for (const Deployment& wrong : {replay_deployment(1), replay_deployment(128, 64)}) {
    const auto rows = table->find(spec, wrong, "");
    ASSERT_FALSE(rows);
    EXPECT_EQ(rows.error().category, ErrorCategory::kUsage);
    EXPECT_NE(rows.error().message.find("128"), std::string::npos) << rows.error().message;
  }
}

TEST(PublishedTable, ANameWithoutABatchLeavesItToTheCard) {
  const auto table = published(published_table(), "my_board.json");
  const auto spec = spec_of(published_spec({"sa_sdp_64", "c_5_64"}));
  EXPECT_TRUE(table->find(spec, replay_deployment(16), ""));
  EXPECT_FALSE(table->runs());
}

TEST(PublishedTable, OneModelTwiceIsDamage) {
  Json json = published_table();
  json["cc"] = published_row(published_spec({"c_5_64", "sa_sdp_64"}), 1, 1, 3);
  expect_corrupt(published(json), "aa and cc");
}

TEST(PublishedTable, FiguresThatCannotBeAreDamageAtTheirPlace) {
  for (const Json& value : {Json(-0.5), Json(0), Json(1e9), Json("0.5"), Json(true)}) {
    for (const char* key : {"latency", "energy", "peak_power"}) {
      Json json = published_table();
      json["bb"]["performance"][key] = value;
      expect_corrupt(published(json), "cpu_x_b1_r3.json");
    }
  }
}

TEST(PublishedTable, NotANumberIsDamage) {
  std::string text = base::dump_json(published_table());
  text.replace(text.find("0.5"), 3, "NaN");
  expect_corrupt(ReplayTable::parse(text, "t.json"), "t.json");
}

TEST(PublishedTable, MissingAndUnknownKeysAreDamage) {
  Json json = published_table();
  json["aa"].erase("performance");
  expect_corrupt(published(json), "performance");
  json = published_table();
  json["aa"]["performance"]["latency_ms"] = 1;
  expect_corrupt(published(json), "latency_ms");
  json = published_table();
  json["aa"]["glue"] = "0.8";
  expect_corrupt(published(json), "glue");
  json = published_table();
  json["aa"]["model_dict"]["o"][0][0] = "sa_64";
  expect_corrupt(published(json), "head");
}

TEST(PublishedTable, WhatIsNoTableIsDamage) {
  expect_corrupt(published(Json::object()), "no rows");
  expect_corrupt(ReplayTable::parse("", "t.json"), "t.json");
  expect_corrupt(ReplayTable::parse("[1, 2]", "t.json"), "t.json");
  std::string text = base::dump_json(published_table());
  expect_corrupt(ReplayTable::parse(text.substr(0, text.size() / 2), "t.json"), "t.json");
  expect_corrupt(ReplayTable::parse("{\"aa\": {}, \"aa\": {}}", "t.json"), "aa");
}

TEST(ReplayTable, AMissingFileIsNotFound) {
  const auto table = ReplayTable::read("/nowhere/table.json");
  ASSERT_FALSE(table);
  EXPECT_EQ(table.error().category, ErrorCategory::kNotFound);
}

const Json kSpec = published_spec({"sa_sdp_64", "c_5_64"});

TEST(MeasurementsTable, FindsEveryMeasurementOfAModelInASetting) {
  const auto table = ours({measurement_row(kSpec, 0.010), measurement_row(kSpec, 0.012),
                           measurement_row(published_spec({"l_dft_64", "l_dct_64"}), 0.02)});
  ASSERT_TRUE(table) << table.error().message;
  const auto rows = table->find(spec_of(kSpec), replay_deployment(1, 64), "");
  ASSERT_TRUE(rows) << rows.error().message;
  EXPECT_EQ(rows->size(), 2U);
  EXPECT_EQ((*rows)[1]->name, "line 3");
}

TEST(MeasurementsTable, AnotherSettingIsRefusedWithThoseMeasured) {
  const auto table = ours({measurement_row(kSpec, 0.010)});
  for (const auto& change :
       {+[](Deployment& d) { d.batch = 2; }, +[](Deployment& d) { d.length = 128; },
        +[](Deployment& d) { d.threads = 2; }, +[](Deployment& d) { d.precision = "bf16"; },
        +[](Deployment& d) { d.runtime = "onnxruntime"; }}) {
    Deployment other = replay_deployment(1, 64);
    change(other);
    const auto rows = table->find(spec_of(kSpec), other, "");
    ASSERT_FALSE(rows);
    EXPECT_EQ(rows.error().category, ErrorCategory::kNotFound);
    EXPECT_NE(rows.error().hint.find("openvino fp32, 1 threads, batch 1, length 64"),
              std::string::npos)
        << rows.error().hint;
  }
}

TEST(MeasurementsTable, InvalidMeasurementsAnswerNothing) {
  const auto table = ours({measurement_row(kSpec, 0.010, "board", "INVALID")});
  const auto rows = table->find(spec_of(kSpec), replay_deployment(1, 64), "");
  ASSERT_FALSE(rows);
  EXPECT_NE(rows.error().message.find("INVALID"), std::string::npos);
}

TEST(MeasurementsTable, OfSeveralBoardsOneMustBeChosen) {
  const auto table =
      ours({measurement_row(kSpec, 0.010, "left"), measurement_row(kSpec, 0.02, "right")});
  const auto find = [&](const std::string& device) {
    return table->find(spec_of(kSpec), replay_deployment(1, 64), device);
  };
  ASSERT_FALSE(find(""));
  EXPECT_EQ(find("").error().category, ErrorCategory::kUsage);
  EXPECT_DOUBLE_EQ(find("right")->front()->median_s, 0.02);
  EXPECT_EQ(find("rigth").error().category, ErrorCategory::kNotFound);
  EXPECT_NE(find("rigth").error().hint.find("right"), std::string::npos);
}

TEST(MeasurementsTable, TheSameMeasurementTwiceIsDamage) {
  expect_corrupt(ours({measurement_row(kSpec, 0.010), measurement_row(kSpec, 0.010)}), "line 2");
}

TEST(MeasurementsTable, ACutLastLineIsDamageThatSaysSo) {
  std::string text =
      measurements_table({measurement_row(kSpec, 0.01), measurement_row(kSpec, 0.02)});
  expect_corrupt(ReplayTable::parse(text.substr(0, text.size() - 30), "m.jsonl"), "m.jsonl:3");
}

TEST(MeasurementsTable, DamagedRowsNameTheirLineAndField) {
  const std::vector<std::pair<const char*, Json>> damages = {
      {"/record/latency/median_s", -0.01},
      {"/record/latency/median_s", 0},
      {"/record/latency/median_s", nullptr},
      {"/record/latency/median_s", "fast"},
      {"/record/latency/low_s", 1.0},
      {"/record/latency/high_s", 0.001},
      {"/record/energy/gross_j", -1},
      {"/record/power/mean_w", -1},
      {"/record/provenance/batch", 0},
      {"/record/provenance/threads", "one"},
      {"/record/provenance/runtime", 3},
      {"/record/format", "edgetran.measurement/9"},
      {"/record/kind", "guessed"},
      {"/record/verdict", nullptr},
      {"/record/device", 7},
      {"/spec/layers", Json::array()},
      {"/record/latency", 5},
      {"/extra", 1}};
  for (const auto& [pointer, value] : damages) {
    Json row = measurement_row(kSpec, 0.01);
    row[Json::json_pointer(pointer)] = value;
    SCOPED_TRACE(pointer);
    expect_corrupt(ours({measurement_row(kSpec, 0.02), row}), ":3");
  }
}

TEST(SpecDistance, CountsThePlacesThatDiffer) {
  const auto of = [](const Json& a, const Json& b) {
    return spec_distance(spec_of(a), spec_of(b));
  };
  const Json other = published_spec({"sa_sdp_64", "c_9_64"}, 1024);
  EXPECT_EQ(of(kSpec, kSpec), 0);
  EXPECT_EQ(of(kSpec, published_spec({"c_5_64", "sa_sdp_64"})), 0);
  EXPECT_EQ(of(kSpec, other), 2);
  EXPECT_EQ(of(other, kSpec), 2);
  EXPECT_EQ(of(kSpec, published_spec({"sa_sdp_64", "c_5_64", "c_5_64"})), 1);
}

}  // namespace
}  // namespace edgetran::device
