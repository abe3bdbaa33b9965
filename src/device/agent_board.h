#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "device/agent_client.h"
#include "device/board.h"
#include "device/clock_offset.h"
#include "device/meters.h"

namespace edgetran::device {

/// A board behind an agent that is started, or reached, at the first request and used for the next
/// ones. One that breaks off or cannot be reached any more during a request is replaced as Patience
/// says, and the request made again; a measurement goes on after the windows that have arrived.
class AgentBoard : public Board {
 public:
  /// `silence_s`: AgentClientOptions::silence_s, for tests.
  AgentBoard(Card card, BoardOptions options, double silence_s = 0);

  const Card& card() const override { return card_; }
  base::Result<std::vector<std::string>> model_formats(const std::string& runtime,
                                                       const base::CancelToken& cancel) override;
  base::Result<Measurement> measure(const MeasureRequest& request, base::EventSink& events,
                                    const base::CancelToken& cancel) override;
  base::Result<std::string> run_outputs(const MeasureRequest& request, std::string_view inputs,
                                        const base::CancelToken& cancel) override;
  base::Result<std::map<std::string, std::string>> convert(
      const MeasureRequest& request, const base::CancelToken& cancel) override;

 protected:
  /// A request with its model read and its deployment found.
  struct Prepared {
    const MeasureRequest& request;
    Deployment deployment;
    std::string file;  ///< read from request.model_path; empty: request.model_bytes
    std::string sha256;
    uint64_t model_size;
    std::string_view model() const { return file.empty() ? request.model_bytes : file; }
  };

  /// Whether a measurement needs the machine for itself, and the agent the model's bytes.
  virtual bool runs_model() const = 0;
  /// Fields of `measure` beyond the common ones.
  virtual base::Result<base::Json> extra_fields(const Prepared& prepared) const = 0;

 private:
  using Work = std::function<base::Status(AgentClient&)>;
  /// What a request has so far, for Patience.
  using Progress = std::function<uint64_t()>;
  using Attempt = tl::expected<void, TransportEnd>;

  base::Result<Prepared> prepare(const MeasureRequest& request) const;
  base::Json common_fields(const Prepared& prepared, const char* mode) const;
  /// The card's meters are read from now on, if they are not already.
  base::Status begin_metering(const base::CancelToken& cancel);
  base::Status measure_once(const Prepared& prepared, const base::Json& fields, RawStream& raw,
                            AgentClient& agent, const base::CancelToken& cancel,
                            std::vector<ClockReading>& clocks, Measurement& measurement) const;
  base::Result<int> with_agent(base::EventSink& events, const base::CancelToken& cancel,
                               const Work& work, const Progress& progress);
  Attempt attempt(const base::CancelToken& cancel, const Work& work, bool again);
  Attempt reach(const base::CancelToken& cancel, bool again);
  base::Error given_up(const TransportEnd& end, const Patience& patience) const;

  Card card_;
  BoardOptions options_;
  double silence_s_;
  std::unique_ptr<AgentClient> agent_;
  std::unique_ptr<Meters> meters_;  ///< from the first measurement on
  bool reached_ = false;            ///< an agent has answered before
};

/// A machine that really runs models: the one at hand, or one behind ssh or TLS.
class RealBoard final : public AgentBoard {
 public:
  using AgentBoard::AgentBoard;

 private:
  bool runs_model() const override { return true; }
  base::Result<base::Json> extra_fields(const Prepared& prepared) const override;
};

/// A board that exists as a roofline law (roofline.h): the same agent and session code, with times
/// from the law. Seeded by the card, the request and the model: the same request gives the same
/// record, byte for byte.
class SimulatedBoard final : public AgentBoard {
 public:
  using AgentBoard::AgentBoard;

 private:
  bool runs_model() const override { return false; }
  base::Result<base::Json> extra_fields(const Prepared& prepared) const override;
};

}  // namespace edgetran::device
