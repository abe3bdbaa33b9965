#include "train/settings.h"

#include <gtest/gtest.h>

namespace edgetran::train {
namespace {

TEST(TrainSettings, EveryDefaultIsInItsRange) {
  const base::Json json = train_settings().write(TrainSettings{});
  auto map = base::ConfigMap::of(base::ConfigValue::from_json(json, "settings"));
  ASSERT_TRUE(map);
  TrainSettings read;
  const auto status = train_settings().read(*map, read);
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_TRUE(map->finish());
  EXPECT_EQ(read, TrainSettings{});
}

TEST(TrainSettings, EveryOneHasAText) {
  for (const auto& info : train_settings().infos()) EXPECT_FALSE(info.text.empty()) << info.name;
}

TEST(TrainSettings, FlagsSetValuesAndRefuseOthers) {
  TrainSettings settings;
  EXPECT_TRUE(train_settings().set(settings, "batch", "64"));
  EXPECT_EQ(settings.batch, 64);
  EXPECT_FALSE(train_settings().set(settings, "batch", "0"));
  EXPECT_FALSE(train_settings().set(settings, "schedule", "triangle"));
  EXPECT_FALSE(train_settings().set(settings, "dropout", "1"));
}

}  // namespace
}  // namespace edgetran::train
