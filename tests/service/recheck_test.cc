#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "places.h"
#include "service/campaign_fixture.h"

namespace edgetran::service {
namespace {

using base::ErrorCategory;
using base::Json;
using ::testing::Each;
using ::testing::HasSubstr;

class Recheck : public CampaignTest {
 protected:
  Recheck() { programs_ = places::programs(); }

  void SetUp() override {
    CampaignTest::SetUp();
    write("spec.json", spec(16));
  }

  /// A record of the simulated board and its samples: r.json and r.samples.jsonl.
  std::string measured() {
    const auto reply = call("measure", {{"model", path("spec.json")},
                                        {"device", path("board.yaml")},
                                        {"deployment", "one"},
                                        {"out", path("r.json")}});
    EXPECT_TRUE(reply) << reply.error().message;
    return read("r.json");
  }

  base::Result<Reply> recheck(const std::string& name) {
    return call("recheck", {{"result", path(name)}});
  }
  std::vector<std::string> verdicts(const Reply& reply) {
    std::vector<std::string> list;
    for (const auto& row : reply.data) list.push_back(row.at("verdict"));
    return list;
  }
  std::vector<std::string> verdicts(const std::string& name) {
    const auto reply = recheck(name);
    EXPECT_TRUE(reply) << reply.error().message;
    return reply ? verdicts(*reply) : std::vector<std::string>();
  }

  /// The lines of a campaign's table, without their ends.
  std::vector<std::string> table(const std::string& file = "c/measurements.jsonl") {
    const std::string text = read(file);
    const auto parts = base::split(base::trim(text), '\n');
    return {parts.begin(), parts.end()};
  }
  void write_table(const std::vector<std::string>& lines,
                   const std::string& file = "c/measurements.jsonl") {
    write(file, fmt::format("{}\n", fmt::join(lines, "\n")));
  }
};

TEST_F(Recheck, ARecordIsEqualAndSoWithOtherBlanks) {
  const std::string record = measured();
  EXPECT_EQ(verdicts("r.json"), std::vector<std::string>{"equal"});
  write("r.json", base::parse_json(record, "r")->dump(2));
  EXPECT_EQ(verdicts("r.json"), std::vector<std::string>{"equal"});
}

TEST_F(Recheck, NoticesEveryFlippedBitOfARecord) {
  const std::string record = measured();
  // A path may lead elsewhere to the same bytes; what the director knows is not computed.
  const size_t path_from = record.find("\"path\":"),
               path_to = record.find("\"sha256\":", path_from);
  for (size_t at = 0; at < record.size(); at += 7) {
    if (at >= path_from && at < path_to) continue;
    std::string changed = record;
    changed[at] = static_cast<char>(changed[at] ^ (1 << (at % 8)));
    write("r.json", changed);
    const auto reply = recheck("r.json");
    if (!reply) continue;  // no JSON any more, or no record
    EXPECT_TRUE(reply->outcome.has_value()) << "byte " << at << " bit " << at % 8;
  }
}

TEST_F(Recheck, NoticesADigitThatLeavesTheDoubleAlike) {
  std::string record = measured();
  const size_t at = record.find("\"median_s\":");
  record.insert(record.find(',', at), "0");
  write("r.json", record);
  const auto reply = recheck("r.json");
  ASSERT_TRUE(reply) << reply.error().message;
  ASSERT_EQ(verdicts(*reply), std::vector<std::string>{"differs"});
  EXPECT_THAT(reply->data[0].at("difference").get<std::string>(), HasSubstr("its text has"));
}

TEST_F(Recheck, NoticesAnotherSizeOfAModelThatALawStandsFor) {
  Json record = base::parse_json(measured(), "r").value();
  EXPECT_GT(record["memory"]["model_bytes"], 0);
  record["memory"]["model_bytes"] = record["memory"]["model_bytes"].get<int64_t>() + 1;
  write("r.json", base::dump_json(record));
  EXPECT_EQ(verdicts("r.json"), std::vector<std::string>{"differs"});
}

TEST_F(Recheck, WhatIsNoRecordIsRefusedWithItsPlace) {
  measured();
  for (const char* text : {"null", "[]", "3", "true", "\"x\"", "{", "{}", ""}) {
    write("x.json", text);
    const auto reply = recheck("x.json");
    ASSERT_FALSE(reply) << text;
    EXPECT_THAT(reply.error().message, HasSubstr("x.json")) << text;
  }
  const std::string header = R"({"format":"edgetran.measurements/1"})";
  for (const std::string& text :
       {std::string(), header + "\n", header + "\n{\"record\":null}\n",
        header + "\n{\"spec\":{},\"record\":5}\n", header + "\n{\"spec\":{},\"recorD\":{}}\n",
        std::string("{\"format\":\"edgetran.measurementS/1\"}\n"), read("r.samples.jsonl")}) {
    write("x.jsonl", text);
    const auto reply = recheck("x.jsonl");
    ASSERT_FALSE(reply) << text.substr(0, 80);
    EXPECT_EQ(reply.error().category, ErrorCategory::kCorrupt);
    EXPECT_THAT(reply.error().message, HasSubstr("x.jsonl"));
  }
}

TEST_F(Recheck, ACampaignIsItsLogSentinelsAndRepeatsToo) {
  ASSERT_TRUE(run("c"));
  const auto found = verdicts("c");
  EXPECT_EQ(found.size(), 12U);  // 6 pairs, 2 repeats, 4 sentinels
  EXPECT_THAT(found, Each("equal"));
  EXPECT_EQ(verdicts("c/measurements.jsonl"), found);
}

TEST_F(Recheck, ACampaignThatBrokeOffIsItsLogSoFar) {
  ASSERT_TRUE(run("c"));
  std::filesystem::remove(path("c/measurements.jsonl"));
  EXPECT_EQ(verdicts("c").size(), 12U);
}

TEST_F(Recheck, ATableThatIsNotWhatTheLogMakesOfItIsNoticed) {
  ASSERT_TRUE(run("c"));
  const auto lines = table();
  std::vector<std::vector<std::string>> changes(5, lines);
  changes[0].erase(changes[0].begin() + 2);
  changes[1].insert(changes[1].begin() + 2, lines[2]);
  std::swap(changes[2][2], changes[2][3]);
  changes[3].resize(1);
  const size_t at = lines[4].find("\"drift\":false");
  ASSERT_NE(at, std::string::npos);
  changes[4][4].replace(at, 13, "\"drift\":true ");
  for (const auto& changed : changes) {
    write_table(changed);
    const auto reply = recheck("c");
    ASSERT_TRUE(reply) << reply.error().message;
    EXPECT_EQ(verdicts(*reply).back(), "differs");
    EXPECT_EQ(reply->outcome, ErrorCategory::kCorrupt);
  }
}

TEST_F(Recheck, OneThatCannotBeComputedAnewDoesNotHideTheOthers) {
  ASSERT_TRUE(run("c"));
  auto lines = table();
  const auto line = [&](size_t i) { return base::parse_json(lines[i], "l").value(); };
  std::filesystem::remove(path("c/" + line(2)["record"]["raw"]["path"].get<std::string>()));
  Json replayed = line(3);
  replayed["record"]["kind"] = "replayed";
  Json other = line(4);
  other["record"]["latency"]["median_s"] = 1;
  lines[3] = base::dump_json(replayed);
  lines[4] = base::dump_json(other);
  // Away from its log a table is checked line by line.
  write_table(lines, "c/copy.jsonl");
  const auto checked = recheck("c/copy.jsonl");
  ASSERT_TRUE(checked) << checked.error().message;
  EXPECT_EQ(verdicts(*checked), (std::vector<std::string>{"equal", "unreadable", "replayed",
                                                          "differs", "equal", "equal"}));
  EXPECT_TRUE(checked->data[1]["result"].get<std::string>().ends_with("copy.jsonl:3"));
  EXPECT_TRUE(checked->outcome.has_value());
}

TEST_F(Recheck, WhatATableAnsweredHasNoSamplesModelledOrNot) {
  ASSERT_TRUE(run("c"));
  write("replay.yaml",
        "format: edgetran.device/1\n"
        "board: {name: again, kind: replay, cores: 2, table: c/measurements.jsonl}\n"
        "deployments:\n"
        "  - {name: one, runtime: simulated, precision: fp32, threads: 1, batch: 1, length: 16}\n");
  const auto reply =
      call("profile run",
           {{"models", path("models.jsonl")}, {"device", path("replay.yaml")}, {"out", path("r")}});
  ASSERT_TRUE(reply) << reply.error().message << reply.error().hint;
  EXPECT_THAT(verdicts("r"), Each("replayed"));
}

}  // namespace
}  // namespace edgetran::service
