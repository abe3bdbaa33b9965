#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "base/result.h"
#include "train/job.h"
#include "train/torch/model.h"
#include "train/torch/objective.h"

namespace edgetran::train::torch_engine {

/// The layers of the student and of the teacher whose hidden states are compared: (i, round(i *
/// teacher / student)) for i = 0 (the embeddings) .. student, so that the first and the last meet.
std::vector<std::pair<int64_t, int64_t>> uniform_layer_mapping(int64_t student, int64_t teacher);

/// The teacher of the job for this student, with the outputs that distillation reads. kUsage where
/// it does not fit: another vocabulary (size, or a token, which is named), labels, a head that is
/// missing, too few positions (`length`: of the longest row) or token types.
base::Result<Model> load_teacher(const TrainJob& job, const Model& student,
                                 const data::TokenFile& file, int64_t length);

/// Learning from the data and from a teacher that runs beside, without gradients and dropout:
///   (1 - w) task + w distillation_loss(logits) + v mean over layer pairs of hidden_distance
/// with w distillation_weight and v hidden_weight; of a regression, the second term is the squared
/// error against the teacher's score. Where widths differ, the student's states first go through a
/// linear layer that is learned along (the companion); its weights are drawn from the job's seed.
/// `student` was built with hidden states where v > 0, and outlives the objective.
std::unique_ptr<Objective> make_distilled_objective(const TrainJob& job,
                                                    std::unique_ptr<Objective> task,
                                                    const Model& student, Model teacher,
                                                    at::Device device);

}  // namespace edgetran::train::torch_engine
