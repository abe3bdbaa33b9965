#include "store/event_log.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <set>

#include "store/event_line.h"
#include "store_fixture.h"

namespace edgetran::store {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

base::Json numbered(int number) { return {{"number", number}}; }

class EventLogTest : public StoreTest {
 protected:
  /// A log of `count` events, closed again.
  void fill(int count) {
    EventLog log = value_of(open_log());
    for (int i = 0; i < count; ++i) {
      clock_.advance(1);
      ASSERT_TRUE(log.append("test.event", numbered(i)).has_value());
    }
  }
  base::Error error_when_opened() {
    const auto log = open_log();
    EXPECT_FALSE(log.has_value());
    return log ? base::Error{} : log.error();
  }
};

TEST_F(EventLogTest, GivesBackWhatWasAppended) {
  fill(3);
  const LogContents contents = value_of(read_event_log(folder()));
  ASSERT_EQ(contents.events.size(), 3U);
  EXPECT_EQ(contents.events[2].type, "test.event");
  EXPECT_EQ(contents.events[2].payload, numbered(2));
  EXPECT_EQ(contents.events[2].line, 4);
  EXPECT_EQ(contents.events[2].time_s, clock_.unix_time_s());
  EXPECT_THAT(contents.torn, IsEmpty());
  EXPECT_EQ(contents.whole_bytes, log_text().size());
}

TEST_F(EventLogTest, AppendsAfterWhatIsThere) {
  fill(2);
  EventLog log = value_of(open_log());
  EXPECT_EQ(log.events().size(), 2U);
  EXPECT_THAT(log.recovered(), IsEmpty());
  const StoredEvent event = value_of(log.append("test.event", numbered(9)));
  EXPECT_EQ(event.line, 4);
  EXPECT_EQ(value_of(read_event_log(folder())).events, log.events());
}

TEST_F(EventLogTest, IdsAreUniqueAndSortByTime) {
  fill(20);
  const auto events = value_of(read_event_log(folder())).events;
  std::set<std::string> ids;
  for (const StoredEvent& event : events) ids.insert(event.id);
  EXPECT_EQ(ids.size(), events.size());
  EXPECT_TRUE(std::ranges::is_sorted(events, {}, &StoredEvent::id));
}

TEST_F(EventLogTest, EveryLineIsOneJsonObject) {
  EventLog log = value_of(open_log());
  ASSERT_TRUE(log.append("test.event", {{"text", "two\nlines, \"quotes\" and \xc3\xa9"}}));
  std::string text = log_text();
  EXPECT_EQ(std::ranges::count(text, '\n'), 2);
  const std::string second = text.substr(text.find('\n') + 1);
  EXPECT_EQ(parsed(second)["payload"]["text"], "two\nlines, \"quotes\" and \xc3\xa9");
}

TEST_F(EventLogTest, AnyCutOfTheLastLineIsDroppedAndReported) {
  fill(3);
  const std::string whole = log_text();
  const size_t last = whole.rfind('\n', whole.size() - 2) + 1;
  for (size_t length = last + 1; length < whole.size(); length += 7) {
    write_log(whole.substr(0, length));
    const LogContents contents = value_of(read_event_log(folder()));
    EXPECT_EQ(contents.events.size(), 2U);
    EXPECT_EQ(contents.torn, whole.substr(last, length - last));
    EventLog log = value_of(open_log());
    EXPECT_THAT(log.recovered(), HasSubstr(std::to_string(length - last) + " bytes"));
    EXPECT_EQ(log_text(), whole.substr(0, last)) << "the tail is gone";
    EXPECT_EQ(value_of(base::read_file(folder() / "events.torn")), contents.torn) << "but kept";
    ASSERT_TRUE(log.append("test.event", numbered(7)).has_value());
    EXPECT_EQ(value_of(read_event_log(folder())).events.size(), 3U);
  }
}

TEST_F(EventLogTest, ALastLineWithHolesIsTornToo) {
  fill(2);
  std::string text = log_text();
  text.replace(text.size() - 30, 10, 10, '\0');  // blocks that never reached the disk
  write_log(text);
  EXPECT_EQ(value_of(read_event_log(folder())).events.size(), 1U);
}

TEST_F(EventLogTest, ADamagedMiddleLineIsNamed) {
  fill(3);
  std::string text = log_text();
  const size_t third = text.find('\n', text.find('\n') + 1) + 1;
  text[text.find("number", third)] = 'N';
  write_log(text);
  const base::Error error = error_when_opened();
  EXPECT_EQ(error.category, base::ErrorCategory::kCorrupt);
  EXPECT_THAT(error.message, HasSubstr("line 3 is damaged"));
}

TEST_F(EventLogTest, NoFlippedBitOfAWholeLineGoesUnseen) {
  fill(2);
  const std::string whole = log_text();
  const size_t begin = whole.find('\n') + 1;
  const size_t end = whole.find('\n', begin);
  for (size_t at = begin; at < end; ++at) {
    std::string text = whole;
    text[at] = static_cast<char>(text[at] ^ 1);
    const auto contents = parse_event_log(text, "log");
    EXPECT_FALSE(contents.has_value()) << "byte " << at;
  }
}

TEST_F(EventLogTest, ANewerFormatIsRefused) {
  write_log(seal_line({{"format", "edgetran.events/2"}}));
  const base::Error error = error_when_opened();
  EXPECT_EQ(error.category, base::ErrorCategory::kUsage);
  EXPECT_THAT(error.message, HasSubstr("newer version of EdgeTran (format edgetran.events/2"));
}

TEST_F(EventLogTest, AFileThatIsNoLogIsRefused) {
  for (const std::string text : {"", "\n", "hello\n", "{}\n", "{\"format\":\"x/1\"}\n"}) {
    write_log(text);
    EXPECT_EQ(error_when_opened().category, base::ErrorCategory::kCorrupt) << text;
  }
}

TEST_F(EventLogTest, OneWriterAtATime) {
  const EventLog log = value_of(open_log());
  EXPECT_EQ(error_when_opened().category, base::ErrorCategory::kResource);
  EXPECT_TRUE(read_event_log(folder()).has_value()) << "readers do not lock";
}

TEST_F(EventLogTest, OneWriterAtATimeEvenWithoutTheFileLock) {
  const EventLog log = value_of(open_log());
  ASSERT_TRUE(std::filesystem::remove(folder() / "lock"));
  const base::Error error = error_when_opened();
  EXPECT_EQ(error.category, base::ErrorCategory::kResource);
  EXPECT_THAT(error.message, HasSubstr("events.jsonl is being written"));
}

TEST_F(EventLogTest, NoLogIsNotFound) {
  const auto contents = read_event_log(folder() / "none");
  ASSERT_FALSE(contents.has_value());
  EXPECT_EQ(contents.error().category, base::ErrorCategory::kNotFound);
}

}  // namespace
}  // namespace edgetran::store
