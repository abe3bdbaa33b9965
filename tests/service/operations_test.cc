#include "service/operations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace edgetran::service {
namespace {

bool declares(const Operation& operation, const std::string& name) {
  return std::ranges::any_of(operation.settings,
                             [&](const base::SettingInfo& info) { return info.name == name; });
}

TEST(Operations, HaveNamesOfTheirOwn) {
  std::set<std::string> names;
  for (const auto& operation : operations())
    EXPECT_TRUE(names.insert(operation.name).second) << operation.name;
}

TEST(Operations, DeclareEachSettingOnceWithAText) {
  for (const auto& operation : operations()) {
    std::set<std::string> names;
    for (const auto& info : operation.settings) {
      EXPECT_TRUE(names.insert(info.name).second) << operation.name << " " << info.name;
      EXPECT_FALSE(info.text.empty()) << operation.name << " " << info.name;
    }
  }
}

TEST(Operations, DeclareWhatTheyRequire) {
  for (const auto& operation : operations()) {
    for (const auto& name : operation.positionals)
      EXPECT_TRUE(declares(operation, name)) << operation.name << " " << name;
    for (const auto& name : operation.required)
      EXPECT_TRUE(declares(operation, name)) << operation.name << " " << name;
  }
}

TEST(Operations, DescribeThemselvesAsJsonSchemas) {
  for (const auto& operation : operations()) {
    const auto schema = operation.schema();
    EXPECT_EQ(schema.at("type"), "object");
    EXPECT_EQ(schema.at("properties").size(), operation.settings.size()) << operation.name;
    for (const auto& name : schema.at("required"))
      EXPECT_TRUE(schema.at("properties").contains(name.get<std::string>())) << operation.name;
  }
}

struct AddRequest {
  int64_t a = 0;
  int64_t b = 10;
};

base::Result<Reply> add(Context&, const AddRequest& request) {
  Reply reply;
  reply.data = {{"sum", request.a + request.b}};
  return reply;
}

class Declared : public ::testing::Test {
 protected:
  base::Result<Reply> run(const Arguments& arguments) {
    base::Settings<AddRequest> settings;
    settings.integer("a", &AddRequest::a, 0, 9, "", "a")
        .integer("b", &AddRequest::b, 0, 99, "", "b");
    Context context{.clock = clock_, .events = sink_, .cancel = {}, .programs = {}, .cache = {}};
    return operation("add", "adds", settings, {"a"}, {}, add).run(context, arguments);
  }
  base::ManualClock clock_;
  base::NullSink sink_;
};

TEST_F(Declared, OperationGivesItsHandlerTheParsedSettings) {
  const auto reply = run({{"a", "4"}});
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->data.at("sum"), 14);
}

TEST_F(Declared, OperationRefusesWhatIsMissingUnknownOrOutOfRange) {
  for (const Arguments& arguments : {Arguments{{"b", "4"}}, Arguments{{"a", "4"}, {"c", "1"}},
                                     Arguments{{"a", "10"}}, Arguments{{"a", "x"}}}) {
    const auto reply = run(arguments);
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().category, base::ErrorCategory::kUsage);
  }
}

}  // namespace
}  // namespace edgetran::service
