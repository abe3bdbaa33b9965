#include "train/torch/engine_errors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <new>
#include <stdexcept>
#include <system_error>

#include "train/torch/engine.h"

namespace edgetran::train::torch_engine {
namespace {

using base::ErrorCategory;
using ::testing::HasSubstr;
using ::testing::Not;

TrainJob job_of(JobKind kind) {
  TrainJob job;
  job.kind = kind;
  job.settings.batch = 64;
  job.settings.accumulation = 2;
  return job;
}

TEST(EngineErrors, EveryWayOfRunningOutOfMemoryIsAResourceError) {
  const std::bad_alloc host;
  const std::system_error thread(std::make_error_code(std::errc::resource_unavailable_try_again));
  const std::runtime_error device("CUDA out of memory. Tried to allocate 2.00 GiB");
  const std::runtime_error primitive("could not create a memory object");
  const c10::OutOfMemoryError engine({__func__, __FILE__, 1}, "out");
  for (const std::exception* exception :
       std::initializer_list<const std::exception*>{&host, &thread, &device, &primitive, &engine}) {
    const auto error = error_from_engine(*exception, job_of(JobKind::kFinetune), {});
    EXPECT_EQ(error.category, ErrorCategory::kResource) << exception->what();
  }
}

TEST(EngineErrors, NamesTheSizesThatNeedTheMemory) {
  const std::runtime_error exception(
      "DefaultCPUAllocator: can't allocate memory: you tried to allocate 4096 bytes.");
  const auto error = error_from_engine(exception, job_of(JobKind::kFinetune),
                                       {.parameters = 1 << 20, .longest = 128});
  EXPECT_EQ(error.message,
            "out of memory in a finetune job of 1 048 576 parameters (20.0 MiB with gradients and "
            "moments) with batches of 64 rows of up to 128 positions in 2 pieces, when 4.00 KiB "
            "more were wanted");
  EXPECT_THAT(error.hint, HasSubstr("raise accumulation"));
}

TEST(EngineErrors, AnEvaluationHasNoBatchToMakeSmaller) {
  const auto error = error_from_engine(std::bad_alloc(), job_of(JobKind::kEvaluate), {});
  EXPECT_THAT(error.message, Not(HasSubstr("batches")));
  EXPECT_THAT(error.hint, Not(HasSubstr("accumulation")));
}

TEST(EngineErrors, AnythingElseIsAFailureInItsOwnWords) {
  const auto error =
      error_from_engine(std::runtime_error("a size differs"), job_of(JobKind::kPretrain), {});
  EXPECT_EQ(error.category, ErrorCategory::kFailed);
  EXPECT_THAT(error.message, HasSubstr("a size differs"));
}

}  // namespace
}  // namespace edgetran::train::torch_engine
