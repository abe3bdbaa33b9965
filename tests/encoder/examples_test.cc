// The specs that are shipped under examples/models.
#include <gtest/gtest.h>

#include <filesystem>

#include "base/config.h"
#include "encoder/encoder.h"
#include "encoder/specs.h"
#include "graph/cost.h"
#include "places.h"
#include "space/model_spec.h"

namespace edgetran::encoder {
namespace {

const std::filesystem::path kModels = places::source() / "examples" / "models";

space::ModelSpec read(const std::filesystem::path& path) {
  return space::read_model_spec(base::ConfigValue::read_file(path).value()).value();
}

int64_t parameters(const space::ModelSpec& spec) {
  return graph::count_graph(build_encoder(spec, {}).value(), {}).total.parameters;
}

TEST(Examples, BertBaseIsBertBase) {
  space::ModelSpec expected = testing::bert(12, 768, 3072);
  expected.embedding = 768;
  EXPECT_EQ(read(kModels / "bert-base.json"), expected);
  EXPECT_EQ(parameters(expected), 109'482'240);
}

TEST(Examples, BertTinyIsTwoLayersOf128) {
  space::ModelSpec expected = testing::bert(2, 128, 512);
  expected.embedding = 128;
  EXPECT_EQ(read(kModels / "bert-tiny.json"), expected);
  EXPECT_EQ(parameters(expected), 4'385'920);  // as published for BERT-tiny with pooler
}

TEST(Examples, AllShippedModelsBuild) {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kModels)) {
    if (entry.path().extension() != ".json") continue;
    EXPECT_TRUE(build_encoder(read(entry.path()), {})) << entry.path();
    ++count;
  }
  EXPECT_GE(count, 3);
}

}  // namespace
}  // namespace edgetran::encoder
