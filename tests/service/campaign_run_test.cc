#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>

#include "base/hash.h"
#include "base/text.h"
#include "device/replay_table.h"
#include "places.h"
#include "service/campaign/campaign_state.h"
#include "service/campaign_fixture.h"

namespace edgetran::service {
namespace {

using base::ErrorCategory;
using base::Json;
using ::testing::HasSubstr;

/// What a campaign left that must not depend on how often it was interrupted.
struct Outcome {
  Json measurements, batches, sentinels, repeats;
  std::string projection;
  bool operator==(const Outcome&) const = default;
};

class CampaignRun : public CampaignTest {
 protected:
  CampaignRun() { programs_ = places::programs(); }

  Outcome outcome(const std::string& out) {
    return {rows(out), rows(out, "batches"), rows(out, "sentinels"), rows(out, "repeats"),
            read(out + "/measurements.jsonl")};
  }

  /// The lines of the log, each with its end.
  std::vector<std::string> log_lines(const std::string& out) {
    const auto text = read(out + "/events.jsonl");
    std::vector<std::string> lines;
    for (size_t begin = 0; begin < text.size();) {
      const size_t end = text.find('\n', begin) + 1;
      lines.push_back(text.substr(begin, end - begin));
      begin = end;
    }
    return lines;
  }

  void write_log(const std::string& out, const std::string& text) {
    std::filesystem::remove_all(path(out));
    ASSERT_TRUE(base::make_folder(path(out)));
    write(out + "/events.jsonl", text);
  }
};

TEST_F(CampaignRun, MeasuresEveryPairWithSentinelsAndRepeats) {
  const auto reply = run("c");
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->data.at("finished"), true);
  std::set<std::pair<std::string, std::string>> pairs;
  for (const auto& row : rows("c")) {
    EXPECT_EQ(row.at("state"), "measured");
    EXPECT_EQ(row.at("kind"), "modelled");
    EXPECT_GT(row.at("latency_s").get<double>(), 0);
    EXPECT_LE(row.at("latency_low_s").get<double>(), row.at("latency_s").get<double>());
    pairs.emplace(row.at("model"), row.at("deployment"));
  }
  EXPECT_EQ(pairs.size(), 6U);
  EXPECT_EQ(rows("c", "repeats").size(), 2U);    // ceil(0.2 x 6)
  EXPECT_EQ(rows("c", "sentinels").size(), 4U);  // before, after 3, after 6, after 8
}

TEST_F(CampaignRun, KeepsTheRawSamplesByTheirHash) {
  ASSERT_TRUE(run("c"));
  for (const auto& row : rows("c")) {
    const auto hash = row.at("raw_sha256").get<std::string>();
    const auto raw = read("c/artifacts/" + hash.substr(0, 2) + "/" + hash.substr(2));
    EXPECT_EQ(base::sha256_hex(raw), hash);
  }
}

TEST_F(CampaignRun, ProjectsOneLineAPairWithSpecAndRecord) {
  ASSERT_TRUE(run("c"));
  const auto text = read("c/measurements.jsonl");
  const auto lines = base::split(base::trim(text), '\n');
  ASSERT_EQ(lines.size(), 7U);
  EXPECT_EQ(base::parse_json(lines[0], "l")->at("format"), "edgetran.measurements/1");
  const auto table = rows("c");
  for (size_t i = 1; i < lines.size(); ++i) {
    const Json line = base::parse_json(lines[i], "l").value();
    EXPECT_EQ(line.size(), 2U);
    EXPECT_EQ(line.at("spec"), table[i - 1].at("spec"));
    EXPECT_EQ(line.at("record").at("latency").at("median_s"), table[i - 1].at("latency_s"));
    EXPECT_EQ(line.at("record").at("deployment"), table[i - 1].at("deployment"));
    const auto raw = read("c/" + line.at("record").at("raw").at("path").get<std::string>());
    EXPECT_EQ(base::sha256_hex(raw), table[i - 1].at("raw_sha256"));
  }
}

TEST_F(CampaignRun, IsATableThatAReplayBoardAnswersFrom) {
  ASSERT_TRUE(run("c"));
  const auto table = device::ReplayTable::read(path("c/measurements.jsonl"));
  ASSERT_TRUE(table) << table.error().message;
  EXPECT_EQ(table->rows().size(), 6U);
}

TEST_F(CampaignRun, IsTheSameAgainAndWithAnotherOrderOfTheFile) {
  ASSERT_TRUE(run("a"));
  ASSERT_TRUE(run("b"));
  EXPECT_EQ(outcome("a"), outcome("b"));
  write("models.jsonl", spec(32) + "\n" + spec(16) + "\n" + spec(24) + "\n");
  ASSERT_TRUE(run("c"));
  std::set<std::string> there, here;
  for (const auto& row : rows("a")) there.insert(row.dump());
  for (const auto& row : rows("c")) here.insert(row.dump());
  EXPECT_EQ(there, here);
}

TEST_F(CampaignRun, EndsAsUndisturbedWhateverEventWasItsLast) {
  ASSERT_TRUE(run("whole"));
  const auto whole = outcome("whole");
  const auto lines = log_lines("whole");
  ASSERT_EQ(lines.size(), 2U + 12U);  // header, created, 12 steps
  std::string log;
  for (size_t kept = 0; kept < lines.size(); ++kept) {
    log += lines[kept];
    write_log("cut", log);
    const auto reply = run("cut");
    ASSERT_TRUE(reply) << kept << ": " << reply.error().message;
    EXPECT_EQ(outcome("cut"), whole) << kept;
    EXPECT_EQ(log_lines("cut").size(), lines.size());
    for (size_t i = 0; i <= kept; ++i) EXPECT_EQ(log_lines("cut")[i], lines[i]) << "kept events";
  }
}

TEST_F(CampaignRun, DropsATornLastEventAndGoesOn) {
  ASSERT_TRUE(run("whole"));
  const auto whole = outcome("whole");
  const auto text = read("whole/events.jsonl");
  for (const size_t missing : {size_t{1}, size_t{40}}) {
    write_log("torn", text.substr(0, text.size() - missing));
    ASSERT_TRUE(run("torn"));
    EXPECT_EQ(outcome("torn"), whole);
    EXPECT_THAT(events_.all(), HasSubstr("dropped"));
  }
}

TEST_F(CampaignRun, AFinishedOneStaysAsItIs) {
  ASSERT_TRUE(run("c"));
  const auto log = read("c/events.jsonl");
  programs_ = folder() / "no programs";  // nothing is started
  ASSERT_TRUE(run("c"));
  EXPECT_EQ(read("c/events.jsonl"), log);
}

TEST_F(CampaignRun, FinishesTheMeasurementUnderWayWhenInterruptedAndSaysHowToGoOn) {
  events_.cancel_at = "[3/";
  const auto cut = call("profile run", campaign("cut"), events_.cancel);
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().category, ErrorCategory::kInterrupted);
  EXPECT_THAT(cut.error().hint, HasSubstr("edgetran profile run --models"));
  EXPECT_THAT(cut.error().hint, HasSubstr("of 12 measurements are kept"));
  EXPECT_THAT(read("cut/measurements.jsonl"), HasSubstr("edgetran.measurements/1"));
  ASSERT_TRUE(run("cut"));
  ASSERT_TRUE(run("whole"));
  EXPECT_EQ(outcome("cut"), outcome("whole"));
}

TEST_F(CampaignRun, MeasuresBoardsSideBySideAsEachWouldBeAlone) {
  write("other.yaml", card("other"));
  const auto both = run("both", {{"device", path("other.yaml")}});
  ASSERT_TRUE(both) << both.error().message;
  ASSERT_TRUE(run("alone"));
  Json of_board = Json::array();
  for (const auto& row : rows("both"))
    if (row.at("board") == "board") of_board.push_back(row);
  EXPECT_EQ(of_board, rows("alone"));
  EXPECT_EQ(rows("both").size(), 12U);
  EXPECT_EQ(rows("both", "sentinels").size(), 8U);
}

TEST_F(CampaignRun, GoesOnWithTwoBoardsFromAnyCut) {
  write("other.yaml", card("other"));
  const Arguments two = {{"device", path("other.yaml")}};
  ASSERT_TRUE(run("whole", two));
  const auto whole = outcome("whole");
  const auto lines = log_lines("whole");
  std::string log;
  for (size_t kept = 0; kept < lines.size(); ++kept) {
    log += lines[kept];
    if (kept % 9 != 4) continue;
    write_log("cut", log);
    ASSERT_TRUE(run("cut", two));
    EXPECT_EQ(outcome("cut"), whole) << kept;
  }
}

TEST_F(CampaignRun, StopsTheBoardWhoseSentinelFailsAndFinishesTheOthers) {
  // A board that answers from a table without a row.
  write("empty.jsonl", "{\"format\":\"edgetran.measurements/1\"}\n");
  write("broken.yaml",
        "format: edgetran.device/1\n"
        "board: {name: broken, kind: replay, cores: 2, table: empty.jsonl}\n"
        "deployments:\n"
        "  - {name: one, runtime: any, precision: fp32, threads: 1, batch: 1, length: 16}\n"
        "  - {name: two, runtime: any, precision: fp32, threads: 2, batch: 1, length: 16}\n");
  const auto reply = run("c", {{"device", path("broken.yaml")}});
  ASSERT_FALSE(reply);
  EXPECT_THAT(reply.error().message, HasSubstr("the board 'broken' stopped: the sentinel"));
  EXPECT_THAT(reply.error().hint, HasSubstr("12 of 24 measurements are kept"));
  for (const auto& row : rows("c"))
    EXPECT_EQ(row.at("state"), row.at("board") == "board" ? "measured" : "pending");
}

TEST_F(CampaignRun, SaysHowToGoOnWhereItsTableCannotBeWritten) {
  // A folder that is not empty stands in the table's place.
  ASSERT_TRUE(base::make_folder(path("c/measurements.jsonl/in the way")));
  const auto reply = run("c");
  ASSERT_FALSE(reply);
  EXPECT_THAT(reply.error().message, HasSubstr("measurements.jsonl"));
  EXPECT_THAT(reply.error().hint, HasSubstr("12 of 12 measurements are kept; continue with: "));
}

TEST_F(CampaignRun, KeepsABoardsErrorWhereItsTableCannotBeWrittenEither) {
  ASSERT_TRUE(base::make_folder(path("c/measurements.jsonl/in the way")));
  programs_ = folder() / "no programs";
  const auto reply = run("c");
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().category, ErrorCategory::kDevice);
  EXPECT_THAT(reply.error().message, HasSubstr("the board 'board' stopped"));
  EXPECT_THAT(reply.error().message, HasSubstr("measurements.jsonl"));
  EXPECT_THAT(reply.error().hint, HasSubstr("0 of 12 measurements are kept; continue with: "));
}

TEST_F(CampaignRun, NamesTheAgentThatCannotBeStartedAndMeasuresLaterAllTheSame) {
  const auto programs = programs_;
  programs_ = folder() / "no programs";
  const auto reply = run("c");
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().category, ErrorCategory::kDevice);
  programs_ = programs;
  ASSERT_TRUE(run("c"));
  EXPECT_EQ(rows("c").size(), 6U);
}

TEST_F(CampaignRun, ReadsAStatusWhileNothingButThePlanIsThere) {
  ASSERT_TRUE(run("c"));
  const auto lines = log_lines("c");
  write_log("begun", lines[0] + lines[1]);
  for (const auto& row : rows("begun")) EXPECT_EQ(row.at("state"), "pending");
  const auto text = call("profile status", {{"campaign", path("begun")}})->text;
  EXPECT_THAT(text, HasSubstr("0 of 12 done"));
  EXPECT_THAT(text, HasSubstr("no repeat was measured yet"));
}

TEST_F(CampaignRun, SortsItsRowsByAColumn) {
  ASSERT_TRUE(run("c"));
  const auto sorted = [&](const std::string& column) {
    std::vector<double> values;
    auto reply = call("profile status", {{"campaign", path("c")}, {"sort", column}});
    EXPECT_TRUE(reply);
    for (const auto& row : reply->data) values.push_back(row.at("latency_s").get<double>());
    return values;
  };
  auto ascending = sorted("latency_s");
  EXPECT_TRUE(std::ranges::is_sorted(ascending));
  std::ranges::reverse(ascending);
  EXPECT_EQ(sorted("-latency_s"), ascending);
  const auto bad = call("profile status", {{"campaign", path("c")}, {"sort", "latencys"}});
  ASSERT_FALSE(bad);
  EXPECT_THAT(bad.error().hint, HasSubstr("latency_s"));
}

TEST_F(CampaignRun, TellsProgressVerdictsDriftAndReproducibility) {
  ASSERT_TRUE(run("c"));
  const auto text = call("profile status", {{"campaign", path("c")}})->text;
  for (const char* part : {"12 of 12 done, finished", "of the settled ones VALID", "steady",
                           "one measurement scatters by", "from 2 repeats", "latency"})
    EXPECT_THAT(text, HasSubstr(part));
  const auto summary = rows("c", "summary");
  const auto& board = summary.at("boards").at(0);
  EXPECT_EQ(board.at("reproducibility").at("pairs"), 2);
  EXPECT_GT(board.at("reproducibility").at("spread_interval").at("high").get<double>(),
            board.at("reproducibility").at("spread").get<double>());
}

TEST_F(CampaignRun, ShowsThePlanWithoutTouchingAnything) {
  const auto reply = run("planned", {{"dry_run", "true"}});
  ASSERT_TRUE(reply);
  EXPECT_FALSE(std::filesystem::exists(path("planned")));
  const auto& board = reply->data.at("boards").at(0);
  EXPECT_EQ(board.at("candidates"), 6);
  EXPECT_EQ(board.at("repeats"), 2);
  EXPECT_EQ(board.at("sentinels"), 4);
  EXPECT_GT(board.at("estimated_s").get<double>(), 0);
  EXPECT_THAT(reply->text, HasSubstr("about"));
  ASSERT_TRUE(run("done"));
  std::vector<std::string> planned, done;
  for (const auto& step : board.at("order")) planned.push_back(step.at("model"));
  const auto log = read_campaign_folder(path("done")).value();
  for (const auto& step : log.boards[0].steps) done.push_back(step.model);
  EXPECT_EQ(planned, done);
}

TEST_F(CampaignRun, ExportsOncePerShapeNotPerDeployment) {
  // What the plan promises is the file's hash: equal shapes run the same file.
  ASSERT_TRUE(run("c"));
  std::map<std::string, std::set<std::string>> files;
  const auto state = read_campaign_folder(path("c")).value();
  for (size_t i = 0; i < state.boards[0].settled.size(); ++i)
    files[state.boards[0].steps[i].model].insert(
        state.boards[0].settled[i].record.at("provenance").at("model_sha256"));
  for (const auto& [model, hashes] : files) EXPECT_EQ(hashes.size(), 1U) << model;
}

}  // namespace
}  // namespace edgetran::service
