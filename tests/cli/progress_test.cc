#include "cli/progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <string>

namespace edgetran::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

base::Event progress(int64_t tokens) {
  return {"progress",
          {{"step", tokens / 100},
           {"tokens", tokens},
           {"stop_tokens", 10000},
           {"loss", 2.31},
           {"tokens_per_s", 34000.4},
           {"learning_rate", 1e-3},
           {"eta_s", 12.0}}};
}

/// What is shown of some events.
template <class Emit>
std::string shown(bool quiet, bool terminal, const Emit& emit) {
  std::FILE* stream = std::tmpfile();
  {
    ProgressPrinter printer(quiet, terminal, stream);
    emit(printer);
  }
  std::string text(static_cast<size_t>(std::ftell(stream)), '\0');
  std::rewind(stream);
  text.resize(std::fread(text.data(), 1, text.size(), stream));
  std::fclose(stream);
  return text;
}

TEST(Progress, ATrainingLineHasShareStepLossRateAndRemainingTime) {
  EXPECT_EQ(training_status(progress(4200).fields),
            "training  42 %, step 42, loss 2.310, 34 000 tokens/s, 12.0 s left");
}

TEST(Progress, ATerminalRewritesOneLine) {
  const std::string text = shown(false, true, [](ProgressPrinter& printer) {
    for (const int64_t tokens : {100, 200, 300}) printer.emit(progress(tokens));
  });
  EXPECT_THAT(text, HasSubstr("step 3, loss"));
  EXPECT_THAT(text, HasSubstr("\r\033[K"));
  EXPECT_THAT(text, Not(HasSubstr("\n")));
}

TEST(Progress, ElsewhereThereIsALineATenthOfTheWork) {
  const std::string text = shown(false, false, [](ProgressPrinter& printer) {
    for (int64_t tokens = 100; tokens <= 10000; tokens += 100) printer.emit(progress(tokens));
  });
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 10);
  EXPECT_THAT(text, HasSubstr("training 100 %, step 100"));
  EXPECT_THAT(text, Not(HasSubstr("\033")));
}

TEST(Progress, EvaluationsAndRollbacksAreLines) {
  const std::string text = shown(false, false, [](ProgressPrinter& printer) {
    printer.emit({"evaluated", {{"accuracy", 0.75}, {"rows", 200}, {"step", 30}}});
    printer.emit({"evaluated", {{"accuracy", 0.5}}});  // of the end: part of the result
    printer.emit({"rollback",
                  {{"step", 7},
                   {"to_step", 4},
                   {"reason", "the loss is nan"},
                   {"rollbacks", 1},
                   {"rate_factor", 0.5}}});
  });
  EXPECT_THAT(text, HasSubstr("training, step 30: dev accuracy 0.7500\n"));
  EXPECT_THAT(text, Not(HasSubstr("0.5000")));
  EXPECT_THAT(text, HasSubstr("warning: training diverged at step 7: the loss is nan; back to step "
                              "4, learning rate times 0.5\n"));
}

TEST(Progress, QuietShowsWarningsOnly) {
  const std::string text = shown(true, false, [](ProgressPrinter& printer) {
    printer.emit(progress(10000));
    printer.emit({"warning", {{"text", "rows are cut"}}});
  });
  EXPECT_EQ(text, "edgetran: warning: rows are cut\n");
}

TEST(Progress, AWarningIsShownOnceAndEveryBrokenConnectionByItsNumber) {
  const std::string text = shown(true, false, [](ProgressPrinter& printer) {
    for (int i = 0; i < 3; ++i) {
      printer.emit({"warning", {{"text", "rows are cut"}}});
      printer.emit({"reconnect", {{"text", "the connection broke"}}});
    }
  });
  EXPECT_EQ(text,
            "edgetran: warning: rows are cut\n"
            "edgetran: warning: the connection broke\n"
            "edgetran: warning: the connection broke (2 times so far)\n"
            "edgetran: warning: the connection broke (3 times so far)\n");
}

}  // namespace
}  // namespace edgetran::cli
