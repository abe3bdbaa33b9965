// Learning from a teacher. oracle_test.py holds the losses against formulas of its own.

#include "train/torch/distillation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "toy.h"
#include "weights/safetensors.h"

namespace edgetran::train::torch_engine {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

class DistillationTest : public ::testing::Test {
 protected:
  /// Trains a teacher and gives its folder.
  std::filesystem::path teach(TrainJob job) {
    ToySink sink;
    const auto result = world_.run(job, sink);
    EXPECT_TRUE(result) << result.error().message;
    return job.out;
  }
  std::string refused(const TrainJob& job) {
    ToySink sink;
    const auto result = world_.run(job, sink);
    EXPECT_FALSE(result);
    if (result) return "";
    EXPECT_EQ(result.error().category, base::ErrorCategory::kUsage);
    EXPECT_TRUE(sink.losses.empty());
    return result.error().message;
  }
  void write_spec(const std::string& name, const space::ModelSpec& spec) {
    ASSERT_TRUE(
        base::write_file_atomic(world_.root / name, base::dump_json(space::model_spec_json(spec))));
  }
  ToyWorld world_;
};

TEST(UniformLayerMapping, JoinsTheFirstAndTheLast) {
  EXPECT_THAT(uniform_layer_mapping(2, 6), ElementsAre(Pair(0, 0), Pair(1, 3), Pair(2, 6)));
  EXPECT_THAT(uniform_layer_mapping(3, 4),
              ElementsAre(Pair(0, 0), Pair(1, 1), Pair(2, 3), Pair(3, 4)));
  EXPECT_THAT(uniform_layer_mapping(2, 1), ElementsAre(Pair(0, 0), Pair(1, 1), Pair(2, 1)));
}

TEST_F(DistillationTest, AModelThatIsItsOwnTeacherHasNothingToLearn) {
  TrainJob job = world_.finetune("same");
  job.model = job.teacher = teach(world_.finetune("teacher"));
  job.settings.dropout = 0;
  job.settings.distillation_weight = 1;
  job.settings.hidden_weight = 1;
  job.settings.learning_rate = 0;
  ToySink sink;
  ASSERT_TRUE(world_.run(job, sink));
  for (const double loss : sink.losses) EXPECT_NEAR(loss, 0, 1e-6);
}

TEST_F(DistillationTest, BringsTheStudentToTheTeachersOutputs) {
  TrainJob job = world_.finetune("student");
  job.teacher = teach(world_.finetune("teacher"));
  job.settings.dropout = 0;
  job.settings.distillation_weight = 1;
  job.tokens = 8000;
  ToySink sink;
  ASSERT_TRUE(world_.run(job, sink));
  double last = 0;
  for (size_t i = sink.losses.size() - 10; i < sink.losses.size(); ++i) last += sink.losses[i] / 10;
  EXPECT_LT(last, 0.5 * sink.losses[0]);
}

TEST_F(DistillationTest, BringsHiddenStatesOfOtherWidthsCloser) {
  for (const bool pretrains : {false, true}) {
    TrainJob teacher = pretrains ? world_.pretrain("teacher") : world_.finetune("teacher");
    space::ModelSpec wide = toy_spec();
    wide.embedding = 32;
    for (auto& layer : wide.layers) layer.width = 32;
    wide.layers.push_back(wide.layers[0]);
    write_spec("wide.json", wide);
    teacher.model = world_.root / "wide.json";
    TrainJob job = pretrains ? world_.pretrain("student") : world_.finetune("student");
    job.teacher = teach(teacher);
    job.settings.dropout = 0;
    job.settings.distillation_weight = 0;
    job.settings.hidden_weight = 10;
    job.tokens = 6000;
    ToySink sink;
    const auto result = world_.run(job, sink);
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_LT(sink.losses.back(), 0.8 * sink.losses.front());
    // The projections are no part of what is handed over.
    const auto file = weights::SafetensorsFile::open(job.out / "model.safetensors").value();
    for (const auto& tensor : file.tensors()) EXPECT_THAT(tensor.name, Not(HasSubstr("hidden")));
  }
}

TEST_F(DistillationTest, WorksOnScores) {
  write_toy_scores(world_.root / "scores.tokens", 200, 1);
  TrainJob teacher = world_.finetune("teacher");
  teacher.train = world_.root / "scores.tokens";
  TrainJob job = teacher;
  job.out = world_.root / "student";
  job.teacher = teach(teacher);
  job.settings.distillation_weight = 1;
  ToySink sink;
  ASSERT_TRUE(world_.run(job, sink));
  EXPECT_LT(sink.losses.back(), sink.losses.front());
}

TEST_F(DistillationTest, NeedsTheSameVocabulary) {
  space::ModelSpec other = toy_spec();
  other.vocabulary = 30;
  write_spec("other.json", other);
  TrainJob teacher = world_.finetune("teacher");
  teacher.model = world_.root / "other.json";
  TrainJob job = world_.finetune();
  job.teacher = teach(teacher);
  EXPECT_THAT(refused(job), HasSubstr("its vocabulary has 30 tokens, the student's 24"));
}

TEST_F(DistillationTest, NamesTheFirstTokenThatDiffers) {
  const auto vocabulary = [&](const std::string& name, const std::string& eighth) {
    std::string text = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n";
    for (int i = 5; i < kToyVocabulary; ++i)
      text += (i == 8 ? eighth : "w" + std::to_string(i)) + "\n";
    EXPECT_TRUE(base::write_file_atomic(world_.root / name, text));
    return world_.root / name;
  };
  TrainJob teacher = world_.finetune("teacher");
  teacher.vocabulary = vocabulary("theirs.txt", "cat");
  TrainJob job = world_.finetune();
  job.teacher = teach(teacher);
  job.vocabulary = vocabulary("ours.txt", "dog");
  EXPECT_THAT(refused(job), HasSubstr("its token 8 is 'cat', the student's 'dog'"));
}

TEST_F(DistillationTest, NeedsATeacherOfTheSameTask) {
  TrainJob job = world_.finetune();
  job.teacher = teach(world_.pretrain("body"));
  EXPECT_THAT(refused(job), HasSubstr("it has 0 outputs, the data 2"));
  job.settings.distillation_weight = 0;
  job.settings.hidden_weight = 1;  // hidden states need no head
  ToySink sink;
  EXPECT_TRUE(world_.run(job, sink));
  TrainJob text = world_.pretrain();
  text.teacher = job.out;
  EXPECT_THAT(refused(text), HasSubstr("no masked-language-model head"));
}

TEST_F(DistillationTest, NeedsAFolderWithWeightsAndEnoughPositions) {
  TrainJob job = world_.finetune();
  job.teacher = world_.root / "spec.json";
  EXPECT_THAT(refused(job), HasSubstr("a spec without weights"));
  space::ModelSpec narrow = toy_spec();
  narrow.positions = 8;
  write_spec("narrow.json", narrow);
  TrainJob teacher = world_.pretrain("teacher");
  teacher.model = world_.root / "narrow.json";
  teacher.settings.length = 8;
  TrainJob text = world_.pretrain();
  text.teacher = teach(teacher);
  EXPECT_THAT(refused(text), HasSubstr("8 positions"));
}

}  // namespace
}  // namespace edgetran::train::torch_engine
