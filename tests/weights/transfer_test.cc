#include "weights/transfer.h"

#include <gmock/gmock.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cmath>

#include "weights/transfer_fixture.h"

namespace edgetran::weights {
namespace {

using testing::build;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using testing::filed;
using testing::Graph;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::kModes;
using testing::ModelSpec;
using testing::order_one;
using testing::random_spec;
using testing::small_spec;

// -- what is true of every pair of specs and every mode ---------------------------------------

TEST(TransferProperty, ReportsWhatCoverageAndDistanceSay) {
  EXPECT_TRUE(rc::check("transfer, coverage and distance agree", [](uint64_t a, uint64_t b) {
    const Graph source = build(random_spec(a)), target = build(random_spec(b));
    for (const TransferMode mode : kModes) {
      const Transferred made = transfer(source, order_one(source), target, {.mode = mode});
      const auto expected = coverage(source, target);
      RC_ASSERT(made.parameters.size() == expected.size());
      for (size_t i = 0; i < expected.size(); ++i) {
        RC_ASSERT(made.parameters[i].name == expected[i].name);
        RC_ASSERT(made.parameters[i].matched == expected[i].matched);
        RC_ASSERT(made.parameters[i].matched <= made.parameters[i].target);
        RC_ASSERT(made.parameters[i].matched <= made.parameters[i].source);
      }
      RC_ASSERT(coverage_distance(made.parameters) == graph_distance(source, target));
      for (size_t id = 0; id < target.parameters().size(); ++id)
        for (const float value : made.weights.at(static_cast<graph::ParameterId>(id)).data)
          RC_ASSERT(std::isfinite(value));
    }
  }));
}

// By elements: what differs from fresh weights is at most what is reported, and where indices are
// copied each reported element holds a value of the source.
TEST(TransferProperty, CopiesAsManyElementsAsItReports) {
  EXPECT_TRUE(rc::check("copied elements", [](uint64_t a, uint64_t b) {
    const Graph source = build(random_spec(a)), target = build(random_spec(b));
    Weights marked(source);  // the source's values are 1000 and more; fresh ones are small
    for (size_t id = 0; id < source.parameters().size(); ++id)
      std::ranges::fill(marked.at(static_cast<graph::ParameterId>(id)).data, 1000.0F);
    for (const TransferMode mode : {TransferMode::kOrdered, TransferMode::kImportance}) {
      const Transferred made = transfer(source, marked, target, {.mode = mode});
      for (const ParameterCoverage& row : made.parameters) {
        if (row.target == 0) continue;
        const auto& values = made.weights.find(row.name)->data;
        RC_ASSERT(std::ranges::count(values, 1000.0F) == row.matched);
      }
    }
  }));
}

TEST(TransferProperty, ToTheSameSpecIsTheIdentityInEveryMode) {
  EXPECT_TRUE(rc::check("identity", [](uint64_t seed) {
    const Graph graph = build(random_spec(seed));
    const Weights weights = order_one(graph);
    for (const TransferMode mode : kModes) {
      const Transferred made =
          transfer(graph, weights, graph, {.mode = mode, .preserve_function = true});
      RC_ASSERT(made.covered_share() == 1);
      RC_ASSERT(made.function_changes.empty());
      for (size_t id = 0; id < weights.size(); ++id)
        RC_ASSERT(made.weights.at(static_cast<graph::ParameterId>(id)).data ==
                  weights.at(static_cast<graph::ParameterId>(id)).data);
    }
  }));
}

TEST(TransferProperty, RepeatsForASeed) {
  const Graph source = build(random_spec(1)), target = build(random_spec(2));
  const Weights weights = order_one(source);
  const auto values = [&](uint64_t seed) {
    return transfer(source, weights, target, {.mode = TransferMode::kProjection, .seed = seed})
        .weights.find("embeddings.word.weight")
        ->data;
  };
  EXPECT_EQ(values(5), values(5));
  EXPECT_NE(values(5), values(6));
}

// -- matching -----------------------------------------------------------------------------------

TEST(Transfer, MatchesHeadsByTypeAndPositionWithinTheType) {
  ModelSpec from = small_spec(), to = small_spec();
  from.layers[0].heads = {"v_last", "q_mixing", "q_plain", "q_mixing"};
  to.layers[0].heads = {"q_mixing", "v_first", "q_mixing", "q_mixing", "v_last"};
  const Graph source = build(from), target = build(to);
  const Weights weights = order_one(source);
  const Transferred made = transfer(source, weights, target, {.mode = TransferMode::kOrdered});
  EXPECT_EQ(filed(target, made.weights, "layers.0.heads.0.mixing"),
            filed(source, weights, "layers.0.heads.1.mixing"));
  EXPECT_EQ(filed(target, made.weights, "layers.0.heads.2.mixing"),
            filed(source, weights, "layers.0.heads.3.mixing"));
  EXPECT_NE(filed(target, made.weights, "layers.0.heads.3.mixing"),
            filed(source, weights, "layers.0.heads.3.mixing"));
  // The values of the file are in listed order: 3 rows of 8 a head.
  const auto old_values = filed(source, weights, "layers.0.value.weight");
  const auto new_values = filed(target, made.weights, "layers.0.value.weight");
  const auto head = [](const std::vector<float>& values, int64_t place) {
    return std::vector<float>(values.begin() + place * 24, values.begin() + place * 24 + 24);
  };
  EXPECT_EQ(head(new_values, 0), head(old_values, 1));
  EXPECT_EQ(head(new_values, 2), head(old_values, 3));
  EXPECT_EQ(head(new_values, 4), head(old_values, 0));
}

TEST(Transfer, AlignsRelativePositionsByTheirOffset) {
  ModelSpec from = small_spec(), to = small_spec();
  from.position = to.position = space::PositionKind::kRelativeKey;
  to.positions = 9;
  const Graph source = build(from), target = build(to);
  const Weights weights = order_one(source);
  for (const TransferMode mode : kModes) {
    const Transferred made = transfer(source, weights, target, {.mode = mode});
    const auto& old_rows = weights.find("layers.0.relative.weight")->data;
    const auto& new_rows = made.weights.find("layers.0.relative.weight")->data;
    for (int64_t offset = -5; offset <= 5; ++offset)  // row r holds offset r - (positions - 1)
      for (int64_t i = 0; i < 3; ++i)
        EXPECT_EQ(new_rows[static_cast<size_t>((offset + 8) * 3 + i)],
                  old_rows[static_cast<size_t>((offset + 5) * 3 + i)]);
  }
}

TEST(Transfer, NeverMixesTokensPositionsOrLabels) {
  ModelSpec to = small_spec();
  to.vocabulary = 7;
  to.positions = 4;
  const encoder::BuildOptions options{.head = encoder::TaskHead::kClassifier, .labels = 5};
  const encoder::BuildOptions fewer{.head = encoder::TaskHead::kClassifier, .labels = 3};
  const Graph source = build(small_spec(), options), target = build(to, fewer);
  const Weights weights = order_one(source);
  for (const TransferMode mode : kModes) {
    const Transferred made = transfer(source, weights, target, {.mode = mode});
    for (const char* name :
         {"embeddings.word.weight", "embeddings.position.weight", "classifier.weight"}) {
      const auto& rows = made.weights.find(name)->data;
      const auto& old_rows = weights.find(name)->data;
      EXPECT_TRUE(std::equal(rows.begin(), rows.end(), old_rows.begin())) << name;
    }
  }
}

TEST(Transfer, KeepsTheLargestUnitsOfAStackAtProducerAndConsumer) {
  ModelSpec to = small_spec();
  to.layers[0].feed_forward = {3};
  const Graph source = build(small_spec()), target = build(to);
  Weights weights = order_one(source);
  auto& rows = weights.find("layers.0.feed_forward.0.weight")->data;     // [10, 8]
  auto& columns = weights.find("layers.0.feed_forward.1.weight")->data;  // [8, 10]
  std::ranges::fill(rows, 1.0F);
  std::ranges::fill(columns, 1.0F);
  for (const size_t unit : {2U, 9U})
    std::fill_n(rows.begin() + static_cast<int>(unit) * 8, 8, 5.0F + static_cast<float>(unit));
  for (size_t i = 0; i < 8; ++i) columns[i * 10 + 4] = 7;  // unit 4 is large where it is read
  const Transferred made = transfer(source, weights, target, {});
  const auto& kept = made.weights.find("layers.0.feed_forward.0.weight")->data;
  EXPECT_THAT((std::vector{kept[0], kept[8], kept[16]}), ElementsAre(7, 1, 14));
  const auto& read = made.weights.find("layers.0.feed_forward.1.weight")->data;
  EXPECT_THAT((std::vector{read[0], read[1], read[2]}), ElementsAre(1, 7, 1));
}

TEST(Transfer, KeepsTheLargestHeadWhereverItStands) {
  ModelSpec to = small_spec();
  to.layers[0].heads = {"q_plain", "v_last"};
  const Graph source = build(small_spec()), target = build(to);
  Weights weights = order_one(source);
  // Of the two q_plain heads the second, stored in rows 3 to 5, is the larger.
  auto& query = weights.find("layers.0.query.weight")->data;
  std::fill_n(query.begin() + 24, 24, 50.0F);
  const Transferred made = transfer(source, weights, target, {});
  EXPECT_THAT(made.weights.find("layers.0.query.weight")->data, Each(50.0F));
}

// -- an unchanged function (the outputs themselves: transfer_oracle_test.py) --------------------

std::vector<std::string> changes(const ModelSpec& from, const ModelSpec& to) {
  const Graph source = build(from), target = build(to);
  return transfer(source, order_one(source), target, {.preserve_function = true}).function_changes;
}

TEST(PreserveFunction, HoldsForHeadsStacksLayersAndTables) {
  ModelSpec to = small_spec();
  to.vocabulary = 20;
  to.positions = 10;
  to.layers[0].heads = {"q_plain", "v_last", "q_plain", "q_mixing", "q_plain", "v_first"};
  to.layers[0].feed_forward = {17};
  to.layers.push_back(to.layers[0]);
  EXPECT_THAT(changes(small_spec(), to), IsEmpty());
  to.layers[0].feed_forward = {17, 16, 30};  // twice the width of 8, and more
  EXPECT_THAT(changes(small_spec(), to), IsEmpty());
}

TEST(PreserveFunction, SaysWhatCannotBeKept) {
  ModelSpec wide = small_spec();
  wide.embedding = wide.layers[0].width = 12;
  EXPECT_THAT(changes(small_spec(), wide),
              ElementsAre(HasSubstr("embedding grows from 8 to 12: layer norm")));
  ModelSpec wide_heads = small_spec();
  wide_heads.layers[0].head_width = 4;
  EXPECT_THAT(changes(small_spec(), wide_heads),
              ElementsAre(HasSubstr("layers.0.head_width grows from 3 to 4")));
  ModelSpec narrow = small_spec();
  narrow.layers[0].feed_forward = {6};
  EXPECT_THAT(changes(small_spec(), narrow),
              ElementsAre(HasSubstr("layers.0.feed_forward.0 shrinks: 6 of 10")));
  ModelSpec deeper = small_spec();
  deeper.layers[0].feed_forward = {10, 10};  // no room for pairs of 8
  EXPECT_THAT(changes(small_spec(), deeper),
              Contains(HasSubstr("layers.0.feed_forward.1.weight is [10, 10]")));
  ModelSpec relative = small_spec();
  relative.position = space::PositionKind::kRelativeKey;
  EXPECT_THAT(changes(small_spec(), relative),
              ElementsAre("embeddings.position.weight has no counterpart",
                          "layers.0.relative.weight is new"));
  ModelSpec other_width = small_spec();
  other_width.layers.push_back(other_width.layers[0]);
  other_width.layers[1].width = 6;
  EXPECT_THAT(changes(small_spec(), other_width), Contains(HasSubstr("another width")));
}

TEST(PreserveFunction, CountsAMovedNormWhereItWent) {
  ModelSpec to = small_spec();
  to.layers.push_back(to.layers[0]);
  const Graph source = build(small_spec()), target = build(to);
  const Weights weights = order_one(source);
  const Transferred made = transfer(source, weights, target, {.preserve_function = true});
  const auto matched = [&](const char* name) {
    return std::ranges::find(made.parameters, name, &ParameterCoverage::name)->matched;
  };
  EXPECT_EQ(matched("layers.0.feed_forward_norm.weight"), 0);
  EXPECT_EQ(matched("layers.1.feed_forward_norm.weight"), 8);
  EXPECT_EQ(made.weights.find("layers.1.feed_forward_norm.weight")->data,
            weights.find("layers.0.feed_forward_norm.weight")->data);
  EXPECT_EQ(coverage_distance(made.parameters), graph_distance(source, target));
}

}  // namespace
}  // namespace edgetran::weights
