#include "space/spec_text.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "space/sampling.h"
#include "space_fixture.h"

namespace edgetran::space {
namespace {

TEST(SpecText, IsTheJsonByteForByte) {
  const DesignSpace space = shipped_space("flexibert2.yaml");
  const auto sampler = uniform_sampler(space, base::RandomStream(5, "spec_text"));
  for (int i = 0; i < 500; ++i) {
    ModelSpec spec = sampler->next();
    if (i % 3 == 0) spec.embedding = 0;
    EXPECT_EQ(model_spec_text(spec), base::dump_json(model_spec_json(spec)));
    EXPECT_EQ(canonical_spec_text(spec), base::canonical_json(model_spec_json(spec)));
  }
}

}  // namespace
}  // namespace edgetran::space
