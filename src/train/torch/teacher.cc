// Which teacher a student can learn from.
#include <fmt/format.h>

#include <string>
#include <string_view>

#include "base/files.h"
#include "base/text.h"
#include "train/torch/distillation.h"

namespace edgetran::train::torch_engine {
namespace {

using base::ErrorCategory;

base::Status refuse(const TrainJob& job, const std::string& what, const std::string& hint) {
  return base::fail(ErrorCategory::kUsage,
                    fmt::format("the teacher {} does not fit: {}", job.teacher.string(), what),
                    hint);
}

constexpr const char* kVocabularyHint =
    "distillation compares token by token: use a teacher with the student's vocabulary";

base::Status check_vocabulary(const TrainJob& job, const Model& student, const Model& teacher) {
  const int64_t own = student.info.spec.vocabulary;
  const int64_t other = teacher.info.spec.vocabulary;
  if (own != other) {
    return refuse(job, fmt::format("its vocabulary has {} tokens, the student's {}", other, own),
                  kVocabularyHint);
  }
  if (student.vocabulary.empty() || teacher.vocabulary.empty()) return {};
  const auto is_list = [](const Model& model) { return model.info.tokenizer.ends_with(".txt"); };
  if (!is_list(student) || !is_list(teacher)) {  // a tokenizer.json says more than its tokens
    if (student.vocabulary == teacher.vocabulary) return {};
    return refuse(job,
                  fmt::format("its {} is not the student's {}", teacher.info.tokenizer,
                              student.info.tokenizer),
                  kVocabularyHint);
  }
  const auto lines = base::split(student.vocabulary, '\n');
  const auto others = base::split(teacher.vocabulary, '\n');
  for (size_t id = 0; id < static_cast<size_t>(own); ++id) {
    const std::string_view token = id < lines.size() ? lines[id] : "";
    const std::string_view taught = id < others.size() ? others[id] : "";
    if (token != taught) {
      return refuse(job, fmt::format("its token {} is '{}', the student's '{}'", id, taught, token),
                    kVocabularyHint);
    }
  }
  return {};
}

base::Status check_head(const TrainJob& job, const Model& student, const Model& teacher) {
  if (job.settings.distillation_weight == 0) return {};  // only its hidden states are read
  if (job.kind == JobKind::kPretrain) {
    if (teacher.info.mlm) return {};
    return refuse(job, "it has no masked-language-model head",
                  "use a pre-trained teacher, or distillation_weight 0 with a hidden_weight");
  }
  if (teacher.info.labels != student.info.labels) {
    return refuse(
        job,
        fmt::format("it has {} outputs, the data {}", teacher.info.labels, student.info.labels),
        "fine-tune the teacher on the same task first");
  }
  if (teacher.info.label_names.empty() || teacher.info.label_names == student.info.label_names) {
    return {};
  }
  return refuse(job, "its labels are others, or in another order",
                "fine-tune the teacher on the same task first");
}

encoder::BuildOptions teacher_options(const TrainJob& job, const Model& teacher) {
  encoder::BuildOptions options = weights::build_options(teacher.info);
  options.mask = job.kind == JobKind::kFinetune;  // as the student's graph
  options.hidden_states = job.settings.hidden_weight > 0;
  return options;
}

}  // namespace

base::Result<Model> load_teacher(const TrainJob& job, const Model& student,
                                 const data::TokenFile& file, int64_t length) {
  Model teacher;
  EDGETRAN_ASSIGN(teacher.info, weights::read_model_info(job.teacher));
  if (!std::filesystem::is_directory(job.teacher)) {
    EDGETRAN_TRY(refuse(job, "it is a spec without weights", "name a folder of a trained model"));
  }
  if (!teacher.info.tokenizer.empty()) {
    EDGETRAN_ASSIGN(teacher.vocabulary, base::read_file(job.teacher / teacher.info.tokenizer));
  }
  EDGETRAN_TRY(check_vocabulary(job, student, teacher));
  EDGETRAN_TRY(check_head(job, student, teacher));
  EDGETRAN_ASSIGN(teacher.graph,
                  encoder::build_encoder(teacher.info.spec, teacher_options(job, teacher)));
  auto fits = check_fit(teacher, file, length, job.train);
  if (!fits)
    return base::fail(fits.error().within(fmt::format("teacher {}", job.teacher.string())));
  EDGETRAN_ASSIGN(teacher.weights,
                  weights::load_weights(job.teacher / weights::kWeightsFile, teacher.graph));
  return teacher;
}

}  // namespace edgetran::train::torch_engine
