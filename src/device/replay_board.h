#pragma once

#include <map>
#include <optional>
#include <string>

#include "device/board.h"
#include "device/replay_table.h"

namespace edgetran::device {

/// A board that answers from a table of measurements (replay_table.h), read once at the first
/// request; it runs nothing and starts no process. A model without a row is refused (kNotFound),
/// or, where the options have a predictor, answered by it and labelled modelled. `profile` and
/// `seed` of a request change nothing.
class ReplayBoard final : public Board {
 public:
  ReplayBoard(Card card, BoardOptions options);

  const Card& card() const override { return card_; }
  base::Result<Measurement> measure(const MeasureRequest& request, base::EventSink& events,
                                    const base::CancelToken& cancel) override;
  base::Result<std::string> run_outputs(const MeasureRequest& request, std::string_view inputs,
                                        const base::CancelToken& cancel) override;
  base::Result<std::map<std::string, std::string>> convert(
      const MeasureRequest& request, const base::CancelToken& cancel) override;

 private:
  base::Result<const ReplayTable*> table();
  base::Result<Measurement> answer(const space::ModelSpec& spec, const Deployment& deployment);

  Card card_;
  BoardOptions options_;
  std::optional<base::Result<ReplayTable>> table_;
};

}  // namespace edgetran::device
