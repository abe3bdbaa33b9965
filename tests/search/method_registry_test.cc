#include <gmock/gmock.h>

#include "base/config.h"
#include "search/method.h"
#include "search_fixture.h"

namespace edgetran::search {
namespace {

using testing::HasSubstr;

base::Result<std::unique_ptr<Method>> from_yaml(std::string_view yaml) {
  return make_method(base::ConfigValue::parse_yaml(yaml, "study.yaml").value(), input());
}

TEST(MethodRegistry, MakesAMethodByName) {
  const auto method =
      from_yaml("method: random\nencoders: 3\nrungs: [10, 20]\nkeep: 0.4\nsampling: uniform\n");
  ASSERT_TRUE(method.has_value()) << method.error().message;
  EXPECT_EQ((*method)->trials().size(), 3U);
}

TEST(MethodRegistry, NamesTheNearestMethodAndKey) {
  const auto method = from_yaml("method: randon\nrungs: [10]\n");
  ASSERT_FALSE(method.has_value());
  EXPECT_THAT(method.error().message + method.error().hint,
              testing::AllOf(HasSubstr("study.yaml:1:9"), HasSubstr("random")));
  const auto key = from_yaml("rungs: [10]\nencoder: 3\n");
  ASSERT_FALSE(key.has_value());
  EXPECT_THAT(key.error().message + key.error().hint,
              testing::AllOf(HasSubstr("study.yaml:2:"), HasSubstr("encoders")));
  EXPECT_FALSE(from_yaml("rungs: [20, 10]\n").has_value());
  EXPECT_FALSE(from_yaml("rungs: [10]\nkeep: 0\n").has_value());
}

}  // namespace
}  // namespace edgetran::search
