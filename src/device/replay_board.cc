#include "device/replay_board.h"

#include <fmt/format.h>

#include <utility>

#include "device/replay_record.h"

namespace edgetran::device {

using base::ErrorCategory;

ReplayBoard::ReplayBoard(Card card, BoardOptions options)
    : card_(std::move(card)), options_(std::move(options)) {}

base::Result<const ReplayTable*> ReplayBoard::table() {
  if (!table_) table_ = ReplayTable::read(card_.board.replay.table);
  if (!*table_) return base::fail(table_->error());
  return &**table_;
}

base::Result<Measurement> ReplayBoard::measure(const MeasureRequest& request,
                                               base::EventSink& /*events*/,
                                               const base::CancelToken& cancel) {
  EDGETRAN_ASSIGN(const Deployment deployment, card_.deployment(request.deployment));
  if (!request.spec) {
    return base::fail(
        ErrorCategory::kUsage,
        fmt::format("the replay board \"{}\" needs the model's specification", card_.board.name),
        "measure a spec or a model folder");
  }
  if (cancel.requested()) {
    return base::fail(ErrorCategory::kInterrupted, "measuring was cancelled");
  }
  EDGETRAN_ASSIGN(Measurement measurement, answer(*request.spec, deployment));
  const uint64_t bytes = request.model_size.value_or(request.model_bytes.size());
  if (bytes > 0) measurement.record["memory"]["model_bytes"] = bytes;
  return measurement;
}

base::Result<Measurement> ReplayBoard::answer(const space::ModelSpec& spec,
                                              const Deployment& deployment) {
  EDGETRAN_ASSIGN(const ReplayTable* const rows, table());
  auto found = rows->find(spec, deployment, card_.board.replay.device);
  if (found) {
    return rows->format() == ReplayTable::Format::kPublished
               ? published_record(*rows, *found->front(), card_, deployment)
               : measurements_record(*rows, *found, card_, deployment);
  }
  if (!options_.predictor || found.error().category != ErrorCategory::kNotFound) {
    return base::fail(std::move(found).error());
  }
  EDGETRAN_ASSIGN(const Prediction prediction,
                  options_.predictor->predict(spec, card_.board, deployment));
  return predicted_record(prediction, options_.predictor->name(), card_, deployment);
}

base::Result<std::string> ReplayBoard::run_outputs(const MeasureRequest& /*request*/,
                                                   std::string_view /*inputs*/,
                                                   const base::CancelToken& /*cancel*/) {
  return base::fail(ErrorCategory::kDevice,
                    fmt::format("the replay board \"{}\" computes no outputs", card_.board.name),
                    "run the model on a local board");
}

base::Result<std::map<std::string, std::string>> ReplayBoard::convert(
    const MeasureRequest& /*request*/, const base::CancelToken& /*cancel*/) {
  return base::fail(
      ErrorCategory::kDevice,
      fmt::format("the replay board \"{}\" has no runtime that converts", card_.board.name),
      "use a local board");
}

}  // namespace edgetran::device
