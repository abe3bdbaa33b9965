// kill -9 at any moment leaves a store that opens, without an acknowledged event lost.

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store_fixture.h"

namespace edgetran::store {
namespace {

class CrashTest : public StoreTest {};

/// Appends until it is killed, sending the number of each event that was acknowledged.
[[noreturn]] void write_for_ever(const std::filesystem::path& folder, int acknowledge) {
  const base::ManualClock clock;
  auto store = StudyStore::open(folder, clock, {2, "child"});
  if (!store) _exit(1);
  for (auto number = static_cast<int32_t>(store->events().size());; ++number) {
    base::Json payload = {{"name", "baseline"}, {"metrics", {{"number", number}}}};
    payload["rows"] = std::string(static_cast<size_t>(number % 5) * 3000, 'x');
    if (!store->append(kStudyBaseline, std::move(payload))) _exit(1);
    if (::write(acknowledge, &number, sizeof number) != sizeof number) _exit(1);
  }
}

/// Kills a writer after it has acknowledged `events` of them and run `microseconds` more of its
/// work; returns the last acknowledged number.
int32_t run_and_kill(const std::filesystem::path& folder, int events, int spins) {
  std::array<int, 2> ends{};
  EXPECT_EQ(::pipe(ends.data()), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    write_for_ever(folder, ends[1]);
  }
  ::close(ends[1]);
  int32_t last = -1;
  for (int i = 0; i < events; ++i) EXPECT_EQ(::read(ends[0], &last, sizeof last), ssize_t{4});
  for (volatile int spin = 0; spin < spins;) spin = spin + 1;
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  // What was acknowledged between the last reading and the end counts too.
  int32_t more = 0;
  while (::read(ends[0], &more, sizeof more) == ssize_t{4}) last = more;
  ::close(ends[0]);
  return last;
}

TEST_F(CrashTest, KilledAtAnyMomentNothingAcknowledgedIsLost) {
  base::RandomStream random(4, "crash_test");
  for (int round = 0; round < 20; ++round) {
    const int events = 1 + static_cast<int>(random.below(3));
    const int32_t last = run_and_kill(folder(), events, static_cast<int>(random.below(2'000'000)));
    const StudyView seen = value_of(read_study(folder()));
    EXPECT_GE(seen.event_counts.at("study.baseline"), last + 1) << "a reader, before repair";
    const StudyStore store = value_of(open_store());
    ASSERT_GE(store.events().size(), static_cast<size_t>(last) + 1);
    ASSERT_LE(store.events().size(), static_cast<size_t>(last) + 2)
        << "one may have been on its way";
    for (size_t i = 0; i < store.events().size(); ++i) {
      ASSERT_EQ(store.events()[i].payload["metrics"]["number"], i);
    }
    const StudyView view = value_of(store.view());
    EXPECT_EQ(view.baselines.at(0).metrics.at("number"),
              static_cast<double>(store.events().size() - 1))
        << "the projection has followed";
  }
}

}  // namespace
}  // namespace edgetran::store
