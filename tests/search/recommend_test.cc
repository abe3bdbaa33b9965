#include "search/recommend.h"

#include <gmock/gmock.h>

#include <limits>

namespace edgetran::search {
namespace {

using testing::HasSubstr;

Problem problem() {
  return {.objectives = {{"accuracy", "", Goal::kMaximize}, {"latency_s", "s", Goal::kMinimize}},
          .constraints = {{"latency_s", std::nullopt, 0.02}, {"accuracy", 0.5, std::nullopt}}};
}

Metrics pair(double accuracy, double latency_s) {
  return {{"accuracy", accuracy}, {"latency_s", latency_s}};
}

TEST(Recommend, TakesTheBestFeasibleByTheFirstObjective) {
  const auto best = recommend(problem(), {pair(0.9, 0.03), pair(0.7, 0.01), pair(0.8, 0.02)}, {});
  ASSERT_TRUE(best.has_value());
  EXPECT_EQ(*best, 2U) << "a limit is closed: 0.02 is inside";
}

TEST(Recommend, TakesTheNamedObjective) {
  const auto best =
      recommend(problem(), {pair(0.8, 0.02), pair(0.7, 0.01)}, {.objective = "latency_s"});
  EXPECT_EQ(best.value(), 1U);
}

TEST(Recommend, BreaksTiesByTheOtherObjectivesThenByOrder) {
  EXPECT_EQ(recommend(problem(), {pair(0.8, 0.02), pair(0.8, 0.01)}, {}).value(), 1U);
  EXPECT_EQ(recommend(problem(), {pair(0.8, 0.01), pair(0.8, 0.01)}, {}).value(), 0U);
}

TEST(Recommend, WeighsCostsScaledOverTheFront) {
  // Front: (0.9, 0.020), (0.8, 0.012), (0.6, 0.010); scaled costs (0,1), (1/3,0.2), (1,0).
  const std::vector<Metrics> candidates = {pair(0.9, 0.02), pair(0.8, 0.012), pair(0.6, 0.01)};
  const auto by = [&](double accuracy, double latency) {
    return recommend(problem(), candidates,
                     {.weights = {{"accuracy", accuracy}, {"latency_s", latency}}})
        .value();
  };
  EXPECT_EQ(by(1, 1), 1U);  // 1, 0.53, 1
  EXPECT_EQ(by(3, 1), 0U);  // 1, 1.2, 3
  EXPECT_EQ(by(1, 4), 2U);  // 4, 1.13, 1
}

TEST(Recommend, LeavesOutCandidatesWithoutAValue) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(
      recommend(problem(), {{{"accuracy", 0.9}}, pair(nan, 0.01), pair(0.6, 0.01)}, {}).value(),
      2U);
}

TEST(Recommend, NamesTheLimitThatNothingSatisfies) {
  const auto none = recommend(problem(), {pair(0.9, 0.03), pair(0.6, 0.025)}, {});
  ASSERT_FALSE(none.has_value());
  EXPECT_EQ(none.error().category, base::ErrorCategory::kInfeasible);
  EXPECT_THAT(none.error().message, HasSubstr("latency_s <= 0.02; the nearest has 0.025"));
}

TEST(Recommend, SaysWhenLimitsHoldOnlyOneByOne) {
  const auto none = recommend(problem(), {pair(0.9, 0.03), pair(0.4, 0.01)}, {});
  ASSERT_FALSE(none.has_value());
  EXPECT_THAT(none.error().message, HasSubstr("together"));
}

TEST(Recommend, SaysWhenNothingWasEvaluated) {
  const auto none = recommend(problem(), {}, {});
  ASSERT_FALSE(none.has_value());
  EXPECT_EQ(none.error().category, base::ErrorCategory::kInfeasible);
}

TEST(Recommend, RefusesUnknownObjectivesAndBadWeights) {
  const std::vector<Metrics> candidates = {pair(0.8, 0.01)};
  const auto unknown = recommend(problem(), candidates, {.objective = "latency"});
  ASSERT_FALSE(unknown.has_value());
  EXPECT_THAT(unknown.error().hint, HasSubstr("latency_s"));
  EXPECT_FALSE(recommend(problem(), candidates, {.weights = {{"accuracy", -1}}}).has_value());
  EXPECT_FALSE(recommend(problem(), candidates, {.weights = {{"accuracy", 0}}}).has_value());
}

TEST(Problem, ReadsAndWritesItsParts) {
  const auto read = [](std::string_view yaml) {
    return base::ConfigValue::parse_yaml(yaml, "study.yaml").value();
  };
  const auto objectives = read_objectives(
      read("- {name: accuracy, goal: maximize}\n- {name: latency_s, goal: minimize, unit: s}\n"));
  ASSERT_TRUE(objectives.has_value());
  EXPECT_EQ(*objectives, problem().objectives);
  EXPECT_EQ(base::dump_json(objectives_json(*objectives)),
            R"([{"name":"accuracy","goal":"maximize"},)"
            R"({"name":"latency_s","goal":"minimize","unit":"s"}])");
  const auto constraints =
      read_constraints(read("- {name: latency_s, max: 0.02}\n- {name: accuracy, min: 0.5}\n"));
  ASSERT_TRUE(constraints.has_value());
  EXPECT_EQ(*constraints, problem().constraints);
  EXPECT_EQ(base::dump_json(constraints_json(*constraints)),
            R"([{"name":"latency_s","max":0.02},{"name":"accuracy","min":0.5}])");
}

TEST(Problem, RefusesPartsThatMakeNoSense) {
  const auto objectives = [](std::string_view yaml) {
    return read_objectives(base::ConfigValue::parse_yaml(yaml, "s.yaml").value());
  };
  const auto constraints = [](std::string_view yaml) {
    return read_constraints(base::ConfigValue::parse_yaml(yaml, "s.yaml").value());
  };
  EXPECT_FALSE(objectives("[]").has_value());
  EXPECT_FALSE(objectives("- {name: a, goal: maximise}\n").has_value());
  EXPECT_FALSE(
      objectives("- {name: a, goal: maximize}\n- {name: a, goal: minimize}\n").has_value());
  EXPECT_FALSE(constraints("- {name: a}\n").has_value());
  EXPECT_FALSE(constraints("- {name: a, min: 2, max: 1}\n").has_value());
}

}  // namespace
}  // namespace edgetran::search
