#include "train/torch/device.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "toy.h"

namespace edgetran::train::torch_engine {
namespace {

using ::testing::HasSubstr;

TEST(Device, AutoIsTheCpuWhereThereIsNoOther) {
  EXPECT_TRUE(find_device("cpu")->is_cpu());
  EXPECT_EQ(find_device("auto")->is_cpu(), !at::hasCUDA());
}

TEST(Device, CudaThatIsNotThereIsADeviceError) {
  if (at::hasCUDA()) GTEST_SKIP() << "this machine has a CUDA device";
  const auto device = find_device("cuda");
  ASSERT_FALSE(device);
  EXPECT_EQ(device.error().category, base::ErrorCategory::kDevice);
  EXPECT_THAT(device.error().hint, HasSubstr("cpu"));
}

TEST(Device, AJobThatAsksForCudaSaysSoBeforeItsWork) {
  if (at::hasCUDA()) GTEST_SKIP() << "this machine has a CUDA device";
  const ToyWorld world;
  ToySink sink;
  TrainJob job = world.finetune();
  job.device = "cuda";
  const auto result = world.run(job, sink);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().category, base::ErrorCategory::kDevice);
  EXPECT_TRUE(sink.events.empty());
}

/// The same job on both devices.
TEST(Device, CudaTrainsLikeTheCpu) {
  if (!at::hasCUDA()) GTEST_SKIP() << "no CUDA device on this machine";
  const ToyWorld world;
  for (const bool pretrains : {false, true}) {
    std::vector<double> losses[2];
    for (const int on_cuda : {0, 1}) {
      TrainJob job = pretrains ? world.pretrain() : world.finetune();
      job.device = on_cuda == 1 ? "cuda" : "cpu";
      job.settings.accumulation = 2;
      job.settings.label_smoothing = 0.1;
      job.checkpoint = world.root / (job.device + (pretrains ? "-text" : ""));
      job.dev = pretrains ? job.train : world.root / "dev.tokens";
      job.settings.patience = 3;
      ToySink sink;
      const auto result = world.run(job, sink);
      ASSERT_TRUE(result) << result.error().message;
      losses[on_cuda] = sink.losses;
    }
    ASSERT_EQ(losses[0].size(), losses[1].size());
    for (size_t i = 0; i < losses[0].size(); ++i) EXPECT_NEAR(losses[1][i], losses[0][i], 1e-2);
  }
}

TEST(Device, CudaTrainsInBf16) {
  if (!at::hasCUDA()) GTEST_SKIP() << "no CUDA device on this machine";
  const ToyWorld world;
  TrainJob job = world.pretrain();
  job.device = "cuda";
  job.precision = Precision::kBf16;
  ToySink sink;
  const auto result = world.run(job, sink);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_LT(sink.losses.back(), sink.losses.front());
}

TEST(Device, TensorsOfTheCpuAreNotCopied) {
  const at::Tensor tensor = at::ones({3});
  EXPECT_TRUE(on_device(tensor, at::kCPU).is_same(tensor));
  EXPECT_TRUE(pinned(tensor, at::kCPU).is_same(tensor));
  EXPECT_FALSE(on_device(at::Tensor(), at::kCPU).defined());
}

}  // namespace
}  // namespace edgetran::train::torch_engine
