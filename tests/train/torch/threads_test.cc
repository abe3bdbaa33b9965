// What is shared among threads gives the same bits with any number of them, and really is shared.
#include <gtest/gtest.h>

#include <mutex>
#include <set>
#include <string>
#include <thread>

#include "train/torch/adamw.h"
#include "train/torch/composition.h"
#include "train/torch/dropout.h"
#include "train/torch/fused.h"
#include "train/torch/linear.h"
#include "train/torch/softmax_cross_entropy.h"

namespace edgetran::train::torch_engine {
namespace {

/// Sets the engine's threads and puts them back.
class ThreadCount {
 public:
  explicit ThreadCount(int count) : before_(at::get_num_threads()) { at::set_num_threads(count); }
  ~ThreadCount() { at::set_num_threads(before_); }
  ThreadCount(const ThreadCount&) = delete;
  ThreadCount& operator=(const ThreadCount&) = delete;

 private:
  int before_;
};

TEST(Threads, TakeTheirShares) {
  const ThreadCount two(2);
  std::mutex mutex;
  std::set<std::thread::id> seen;
  at::parallel_for(0, 2, 1, [&](int64_t, int64_t) {
    const std::lock_guard lock(mutex);
    seen.insert(std::this_thread::get_id());
  });
  EXPECT_EQ(seen.size(), 2U);
}

TEST(Threads, CarryExceptionsOut) {
  const ThreadCount two(2);
  const auto run = [] {
    at::parallel_for(0, 2, 1, [](int64_t begin, int64_t) {
      if (begin == 1) throw std::bad_alloc();
    });
  };
  EXPECT_THROW(run(), std::bad_alloc);
}

/// Output and gradients with one, two and three threads, bit for bit.
void expect_same_bits(const Function& run, const Tensors& operands, const std::string& what) {
  for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
    Tensors typed;
    for (size_t i = 0; i < operands.size(); ++i)  // vectors stay float32, as parameters do
      typed.push_back(!operands[i].defined()   ? operands[i]
                      : operands[i].dim() == 1 ? operands[i].to(at::kFloat)
                                               : operands[i].to(type));
    const auto with_threads = [&](int count) {
      const ThreadCount threads(count);
      return evaluate(run, typed);
    };
    const Results one = with_threads(1);
    for (const int count : {2, 3}) {
      const Results more = with_threads(count);
      EXPECT_TRUE(at::equal(more.output, one.output)) << what << " " << type << " " << count;
      for (size_t i = 0; i < operands.size(); ++i) {
        if (!operands[i].defined()) continue;
        EXPECT_TRUE(at::equal(more.gradients[i], one.gradients[i]))
            << what << " " << type << " " << count << ", gradient " << i;
      }
    }
  }
}

TEST(Threads, DoNotChangeTheFusedFunctions) {
  // Rows, heads and elements that do not divide by the threads.
  expect_same_bits(
      [](const Tensors& t) {
        return residual_norm(t[0], t[1], t[2], t[3], t[4], 1e-6, {0.3, 11});
      },
      {random_values({7, 131, 50}, 1), random_values({7, 131, 50}, 2), random_values({50}, 3),
       random_values({50}, 4), random_values({50}, 5)},
      "residual_norm");
  expect_same_bits([](const Tensors& t) { return bias_gelu(t[0], t[1]); },
                   {random_values({7, 131, 33}, 1), random_values({33}, 2)}, "bias_gelu");
  expect_same_bits(
      [](const Tensors& t) {
        return softmax_cross_entropy(t[0], at::arange(t[0].size(0), at::kLong));
      },
      {random_values({37, 101}, 1)}, "softmax_cross_entropy");
  expect_same_bits([](const Tensors& t) { return keyed_dropout(t[0], 0.3, 5); },
                   {random_values({3, 33335}, 1)}, "keyed_dropout");
}

TEST(Threads, DoNotChangeAttention) {
  for (const bool relative : {false, true})
    for (const int64_t heads : {1, 3, 5}) {
      at::Tensor mask = at::ones({3, 33}, at::kLong);
      mask.select(0, 1).narrow(0, 20, 13).zero_();
      const Function run = [&](const Tensors& t) {
        const at::Tensor out = attention({t[0], t[1], t[2], t[3], mask}, {0.3, 5});
        return out * mask.unsqueeze(1).unsqueeze(3).to(out.scalar_type());
      };
      expect_same_bits(run,
                       {random_values({3, heads, 33, 21}, 1), random_values({3, heads, 33, 21}, 2),
                        random_values({3, heads, 33, 21}, 3),
                        relative ? random_values({71, 21}, 4) : at::Tensor()},
                       std::to_string(heads) + (relative ? " heads, relative" : " heads"));
    }
}

TEST(Threads, DoNotChangeOwnProducts) {
  for (const auto& [rows, in, out] : {std::array{1001, 300, 70}, std::array{50, 70, 3000}})
    expect_same_bits(
        [](const Tensors& t) { return own_linear(t[0], t[1].to(at::kFloat), t[2]); },
        {random_values({rows, in}, 1), random_values({out, in}, 2), random_values({out}, 3)},
        std::to_string(rows) + " rows");
}

TEST(Threads, DoNotChangeAdamW) {
  const auto values = [](uint64_t seed) { return random_values({200003}, seed).to(at::kFloat); };
  const auto with_threads = [&](int count) {
    const ThreadCount threads(count);
    AdamWTensors tensors{values(1), values(2), values(3).abs()};
    fused_adamw(kAdamWStep, values(4), tensors);
    return tensors;
  };
  const AdamWTensors one = with_threads(1);
  for (const int count : {2, 3}) {
    const AdamWTensors more = with_threads(count);
    EXPECT_TRUE(at::equal(more.weight, one.weight));
    EXPECT_TRUE(at::equal(more.first, one.first));
    EXPECT_TRUE(at::equal(more.second, one.second));
  }
}

}  // namespace
}  // namespace edgetran::train::torch_engine
