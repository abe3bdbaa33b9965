#include "train/early_stopping.h"

#include <gtest/gtest.h>

namespace edgetran::train {
namespace {

TEST(EarlyStopping, StopsAfterSoManyEvaluationsWithoutABetterOne) {
  StoppingState state;
  EXPECT_TRUE(observe(state, "accuracy", 0.5, 10, 2));
  EXPECT_TRUE(observe(state, "accuracy", 0.7, 20, 2));
  EXPECT_FALSE(observe(state, "accuracy", 0.6, 30, 2));
  EXPECT_FALSE(state.stopped);
  EXPECT_FALSE(observe(state, "accuracy", 0.7, 40, 2));  // an equal one is not better
  EXPECT_TRUE(state.stopped);
  EXPECT_EQ(state.best_step, 20);
  EXPECT_EQ(state.best, 0.7);
  EXPECT_EQ(state.evaluated_step, 40);
}

TEST(EarlyStopping, ABetterOneBeginsTheWaitAnew) {
  StoppingState state;
  for (const double loss : {1.0, 1.2, 0.9, 1.1}) observe(state, "loss", loss, 1, 2);
  EXPECT_FALSE(state.stopped);
  EXPECT_EQ(state.waited, 1);
  EXPECT_EQ(state.best, 0.9);
}

TEST(EarlyStopping, LossesAndErrorsAreBetterLower) {
  for (const char* name : {"loss", "valid_loss", "rmse"}) EXPECT_TRUE(lower_is_better(name));
  for (const char* name : {"accuracy", "macro_f1", "matthews", "pearson"}) {
    EXPECT_FALSE(lower_is_better(name));
  }
}

TEST(EarlyStopping, AStateIsReadAsItWasWritten) {
  const StoppingState state{
      .evaluated_step = 7, .best_step = 5, .best = -0.1, .waited = 3, .stopped = true};
  const auto again = read_stopping(base::ConfigValue::from_json(stopping_json(state), "state"));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(*again, state);
}

}  // namespace
}  // namespace edgetran::train
