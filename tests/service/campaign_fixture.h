#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/files.h"
#include "service/operations.h"

namespace edgetran::service {

/// Keeps the events; asks for cancellation at the message with this text, if one is set.
class KeptEvents final : public base::EventSink {
 public:
  void emit(const base::Event& event) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto text = event.fields.value("text", std::string());
    texts_.push_back(text);
    if (!cancel_at.empty() && text.find(cancel_at) != std::string::npos) cancel.request();
  }
  std::string all() const {
    std::string joined;
    for (const auto& text : texts_) joined += text + "\n";
    return joined;
  }
  std::string cancel_at;
  base::CancelToken cancel;

 private:
  std::mutex mutex_;
  std::vector<std::string> texts_;
};

/// Campaigns on simulated boards, with the real agent, in a folder of their own.
class CampaignTest : public testing::Test {
 protected:
  base::Result<Reply> call(const std::string& operation, const Arguments& arguments,
                           base::CancelToken cancel = {}) {
    Context context{.clock = clock_,
                    .events = events_,
                    .cancel = std::move(cancel),
                    .programs = programs_,
                    .cache = folder() / "cache"};
    const auto& all = operations();
    const auto found = std::ranges::find(all, operation, &Operation::name);
    if (found == all.end()) return base::fail(base::ErrorCategory::kUsage, "no such operation");
    return found->run(context, arguments);
  }

  /// `profile run` of models.jsonl on board.yaml, with more or other arguments after the usual.
  Arguments campaign(const std::string& out, const Arguments& more = {}) {
    Arguments arguments = {{"models", path("models.jsonl")},
                           {"device", path("board.yaml")},
                           {"sentinel_every", "3"},
                           {"repeats", "0.2"},
                           {"out", path(out)}};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  base::Result<Reply> run(const std::string& out, const Arguments& more = {}) {
    return call("profile run", campaign(out, more));
  }
  base::Json rows(const std::string& out, const char* show = "measurements") {
    auto reply = call("profile status", {{"campaign", path(out)}, {"show", show}});
    EXPECT_TRUE(reply) << reply.error().message;
    return reply ? reply->data : base::Json();
  }

  static std::string spec(int64_t width, int64_t positions = 16) {
    return fmt::format(
        R"({{"vocabulary":40,"positions":{},"embedding":{},"layers":[)"
        R"({{"width":{},"head_width":8,"heads":["sa_sdp","l_dft"],"feed_forward":[{}]}}]}})",
        positions, width, width, 2 * width);
  }
  /// A simulated board of this name with two deployments; a slow one, so that a measurement is a
  /// few hundred runs to compute.
  static std::string card(const std::string& name, const std::string& rate = "2.0e9",
                          const std::string& overhead = "2.0e-4") {
    return fmt::format(
        "format: edgetran.device/1\n"
        "board:\n"
        "  name: {}\n"
        "  kind: simulated\n"
        "  description: a made-up board for tests\n"
        "  cores: 2\n"
        "  law:\n"
        "    peak_flop_per_s: {}\n"
        "    bandwidth_bytes_per_s: {}\n"
        "    launch_overhead_s: {}\n"
        "    thread_efficiency: 0.9\n"
        "    load_bytes_per_s: 1.0e8\n"
        "    noise_share: 0.02\n"
        "    seed: 7\n"
        "    precisions: [{{precision: fp32, compute: 1, bytes: 1}}]\n"
        "deployments:\n"
        "  - {{name: one, runtime: simulated, precision: fp32, threads: 1, batch: 1, length: 16}}\n"
        "  - {{name: two, runtime: simulated, precision: fp32, threads: 2, batch: 1, length: "
        "16}}\n",
        name, rate, rate, overhead);
  }

  void SetUp() override {
    write("models.jsonl", spec(16) + "\n" + spec(24) + "\n\n" + spec(32) + "\n");
    write("board.yaml", card("board"));
  }
  void write(const std::string& name, const std::string& text) {
    ASSERT_TRUE(base::write_file_atomic(path(name), text));
  }
  std::string read(const std::string& name) { return base::read_file(path(name)).value_or(""); }
  std::string path(const std::string& name) const { return (folder() / name).string(); }
  const std::filesystem::path& folder() const { return folder_.path(); }

  KeptEvents events_;
  std::filesystem::path programs_;  ///< folder of the agent; empty: none is needed

 private:
  base::SystemClock clock_;
  base::TemporaryFolder folder_ = base::TemporaryFolder::create("edgetran-campaign").value();
};

}  // namespace edgetran::service
