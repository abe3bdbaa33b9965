// recheck
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>

#include "base/files.h"
#include "device/replay_rows.h"
#include "profile/recheck.h"
#include "service/campaign/campaign_state.h"
#include "service/campaign/campaign_store.h"
#include "service/operations.h"
#include "store/artefacts.h"
#include "store/event_log.h"

namespace edgetran::service {

namespace {

namespace fs = std::filesystem;
using base::ErrorCategory;
using base::Json;
using base::Result;

constexpr uint64_t kMaxRecordBytes = uint64_t{1} << 30;
constexpr uint64_t kMaxRawBytes = uint64_t{4} << 30;
constexpr std::string_view kMeasurementsFile = "measurements.jsonl";

struct RecheckRequest {
  std::string result;
  std::string raw;
};

/// A record, what it is called in the table, and the text that it was read from; empty: of a log
/// whose lines have sums of their own.
struct Kept {
  std::string name;
  Json record;
  std::string_view text;
};

base::Error no_record(const std::string& name, const std::string& why) {
  return {
      ErrorCategory::kCorrupt, fmt::format("{} holds no record: {}", name, why),
      "recheck takes a record of 'measure --out', a measurements.jsonl, or a campaign's folder"};
}

/// Without the blanks between tokens, which mean nothing.
std::string without_blanks(std::string_view text) {
  std::string kept;
  bool quoted = false, escaped = false;
  for (const char c : text) {
    if (!quoted && (c == ' ' || c == '\t' || c == '\r' || c == '\n')) continue;
    if (c == '"' && !escaped) quoted = !quoted;
    escaped = quoted && c == '\\' && !escaped;
    kept += c;
  }
  return kept;
}

/// Where a text is not what this program writes of its value. A number whose last digit was changed
/// may still be the same double, so that comparing values does not see it.
std::optional<std::string> text_difference(std::string_view text, const Json& value) {
  constexpr size_t kShown = 24;
  const std::string found = without_blanks(text), written = base::dump_json(value);
  if (found == written) return {};
  const auto at = std::ranges::mismatch(found, written);
  const auto from = static_cast<size_t>(at.in1 - found.begin());
  const size_t shown_from = from < kShown / 2 ? 0 : from - kShown / 2;
  return fmt::format("its text has ...{}... where the program writes ...{}...",
                     found.substr(shown_from, kShown), written.substr(shown_from, kShown));
}

Json recheck_row(const std::string& name, const char* verdict, const std::string& difference) {
  return {{"result", name}, {"verdict", verdict}, {"difference", difference}};
}

/// The table: one row a difference; a record that is computed alike has one row that says so.
class Rechecked {
 public:
  Rechecked() {
    reply_.data = Json::array();
    reply_.columns = {{"result", "result"}, {"verdict", "verdict"}, {"difference", "difference"}};
  }

  void differs(const std::string& name, const std::string& difference) {
    reply_.data.push_back(recheck_row(name, "differs", difference));
    reply_.outcome = ErrorCategory::kCorrupt;
  }

  void unreadable(const std::string& name, const base::Error& error) {
    reply_.data.push_back(recheck_row(name, "unreadable", error.message));
    reply_.outcome = error.category;
  }

  /// A record from a table is no mistake among others; it has no samples.
  void replayed(const std::string& name) {
    reply_.data.push_back(recheck_row(name, "replayed", ""));
  }

  base::Status check(const Kept& kept, const fs::path& raw) {
    const auto text = base::read_file(raw, kMaxRawBytes);
    if (!text) {
      return base::fail(base::Error(text.error()).within("the raw samples of " + kept.name));
    }
    auto differences = profile::recheck(kept.record, *text);
    if (!differences) return base::fail(base::Error(differences.error()).within(kept.name));
    if (!kept.text.empty() && differences->empty()) {
      if (auto other = text_difference(kept.text, kept.record)) differences->push_back(*other);
    }
    for (const std::string& difference : *differences) differs(kept.name, difference);
    if (differences->empty()) reply_.data.push_back(recheck_row(kept.name, "equal", ""));
    return {};
  }

  Reply take() { return std::move(reply_); }

 private:
  Reply reply_;
};

// -- files of records -----------------------------------------------------------------------------

/// The lines of measurements.jsonl: {"spec", "record"} after one that names the format.
Result<std::vector<Kept>> read_lines(std::string_view text, const std::string& file) {
  std::vector<Kept> records;
  for (size_t number = 1; !text.empty(); ++number) {
    const std::string_view written = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(written.size() + 1, text.size()));
    const std::string name = fmt::format("{}:{}", file, number);
    const auto parsed = base::parse_json(written, name);
    if (!parsed) return base::fail(no_record(name, parsed.error().message));
    const Json& line = *parsed;
    if (number == 1) {
      if (line == Json{{"format", device::kMeasurementsFormat}}) continue;
      return base::fail(no_record(file, fmt::format("its first line is not {{\"format\":\"{}\"}}",
                                                    device::kMeasurementsFormat)));
    }
    const bool whole = line.is_object() && line.size() == 2 &&
                       line.value("spec", Json()).is_object() &&
                       line.value("record", Json()).is_object();
    if (!whole)
      return base::fail(no_record(name, "a line is {\"spec\": {...}, \"record\": {...}}"));
    if (const auto other = text_difference(written, line)) {
      return base::fail(no_record(name, *other));
    }
    records.push_back({name, line.at("record"), {}});
  }
  if (records.empty()) return base::fail(no_record(file, "it has no line of a measurement"));
  return records;
}

/// The records of a file: one record, or measurements.jsonl.
Result<std::vector<Kept>> read_records(std::string_view text, const fs::path& file) {
  if (file.extension() == ".jsonl") return read_lines(text, file.string());
  const auto parsed = base::parse_json(text, file.string());
  if (!parsed) return base::fail(no_record(file.string(), parsed.error().message));
  if (!parsed->is_object()) {
    return base::fail(no_record(file.string(), "it is no object but " + base::dump_json(*parsed)));
  }
  return std::vector<Kept>{{file.string(), *parsed, text}};
}

/// Where the record's raw samples are: as it is said, else as the record says it.
Result<fs::path> raw_of(const Kept& kept, const fs::path& folder, const std::string& said) {
  if (!said.empty()) return said;
  const auto raw = kept.record.find("raw");
  const Json path =
      raw != kept.record.end() && raw->is_object() ? raw->value("path", Json()) : Json();
  if (path.is_string()) return folder / path.get<std::string>();
  return base::fail(ErrorCategory::kUsage,
                    fmt::format("{} does not say where its raw samples are", kept.name),
                    "name them with --raw, and measure with --out so that they are kept");
}

Result<Reply> recheck_file(const fs::path& file, const std::string& raw) {
  EDGETRAN_ASSIGN(const std::string text, base::read_file(file, kMaxRecordBytes));
  EDGETRAN_ASSIGN(const auto records, read_records(text, file));
  Rechecked rechecked;
  for (const Kept& kept : records) {
    if (records.size() > 1 && !profile::has_samples(kept.record)) {
      rechecked.replayed(kept.name);
      continue;
    }
    const auto status = raw_of(kept, file.parent_path(), raw).and_then([&](const fs::path& found) {
      return rechecked.check(kept, found);
    });
    if (status) continue;
    if (records.size() == 1) return base::fail(status.error());
    rechecked.unreadable(kept.name, status.error());
  }
  return rechecked.take();
}

// -- campaigns ------------------------------------------------------------------------------------

/// Every record of the log against its samples: of candidates, sentinels, repeats, tries.
void recheck_log(const CampaignState& state, const fs::path& folder, Rechecked& rechecked) {
  const store::Artefacts artefacts(folder / "artifacts");
  for (const BoardProgress& board : state.boards) {
    for (size_t i = 0; i < board.settled.size(); ++i) {
      const Json& record = board.settled[i].record;
      if (!record.is_object()) continue;  // it failed: there is nothing to compute
      const profile::CampaignStep& step = board.steps[i];
      const Kept kept{
          fmt::format("{} step {}, {} {} on {}", board.campaign.board, i,
                      profile::step_name(step.kind), step.model.substr(0, 12), step.deployment),
          record,
          {}};
      if (!profile::has_samples(record)) {
        rechecked.replayed(kept.name);
        continue;
      }
      const auto sha256 = record.value("/raw/sha256"_json_pointer, std::string());
      const auto status = artefacts.path(sha256).and_then(
          [&](const fs::path& raw) { return rechecked.check(kept, raw); });
      if (!status) rechecked.unreadable(kept.name, status.error());
    }
  }
}

/// The table that was written of the log against what would be written of it now.
base::Status recheck_table(const CampaignState& state, const fs::path& file, Rechecked& rechecked) {
  if (!fs::exists(file)) return {};  // the campaign has not come so far
  EDGETRAN_ASSIGN(const std::string text, base::read_file(file, kMaxRecordBytes));
  const std::string written = measurements_jsonl(state);
  if (text == written) return {};
  const auto at = std::ranges::mismatch(text, written).in1;
  const auto line = 1 + std::count(text.begin(), at, '\n');
  rechecked.differs(fmt::format("{}:{}", file.string(), line),
                    "it is not what events.jsonl, which is the truth, makes of it; 'profile run' "
                    "writes it anew");
  return {};
}

Result<Reply> recheck_campaign(const fs::path& folder) {
  EDGETRAN_ASSIGN(const CampaignState state, read_campaign_folder(folder));
  Rechecked rechecked;
  recheck_log(state, folder, rechecked);
  EDGETRAN_TRY(recheck_table(state, folder / kMeasurementsFile, rechecked));
  Reply reply = rechecked.take();
  if (reply.data.empty()) {
    return base::fail(no_record(folder.string(), "nothing was measured in this campaign so far"));
  }
  return reply;
}

Result<Reply> recheck(Context& /*context*/, const RecheckRequest& request) {
  const fs::path named = request.result;
  const bool is_folder = fs::is_directory(named);
  const fs::path folder = is_folder ? named : named.parent_path();
  const bool of_campaign = fs::exists(folder / store::kLogFile);
  if (of_campaign && (is_folder || named.filename() == kMeasurementsFile)) {
    if (request.raw.empty()) return recheck_campaign(folder.empty() ? "." : folder);
    return base::fail(ErrorCategory::kUsage, "--raw names the samples of one record",
                      "leave it out: a campaign's folder has its own");
  }
  return recheck_file(is_folder ? named / kMeasurementsFile : named, request.raw);
}

}  // namespace

std::vector<Operation> recheck_operations() {
  base::Settings<RecheckRequest> settings;
  settings
      .string("result", &RecheckRequest::result,
              "Record file of measure --out, measurements.jsonl, or a campaign's folder")
      .string("raw", &RecheckRequest::raw, "Raw samples; empty: where the record says");
  return {operation("recheck", "Compute a measurement's figures anew from its raw samples",
                    settings, {"result"}, {}, recheck)};
}

}  // namespace edgetran::service
