#pragma once

#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/json.h"
#include "device/board.h"
#include "device/ssh_command.h"
#include "places.h"

namespace edgetran::device {

/// A folder with an agent of fake_agent.py, its plan and what it noted.
class FakeAgent {
 public:
  /// `plan` is JSON.
  explicit FakeAgent(const std::string& plan)
      : folder_(std::move(*base::TemporaryFolder::create("fake agent"))) {
    const auto script = places::source() / "tests/device/fake_agent.py";
    write("plan.json", plan);
    write("agent", "#!/bin/sh\nexec python3 " + shell_quoted(script.string()) + " " +
                       shell_quoted(folder_.path().string()) + " \"$@\"\n");
    std::filesystem::permissions(program(), std::filesystem::perms::owner_all);
  }

  /// A program that takes an agent's command line. There is a blank in its path.
  std::filesystem::path program() const { return folder_.path() / "agent"; }

  /// What it noted under `key`: "arguments" of each start, "measure" of each request.
  std::vector<base::Json> noted(const std::string& key) const {
    std::vector<base::Json> entries;
    std::ifstream file(folder_.path() / "requests.jsonl");
    for (std::string line; std::getline(file, line);) {
      base::Json entry = base::Json::parse(line);
      if (entry.contains(key)) entries.push_back(std::move(entry));
    }
    return entries;
  }

  /// Whether the last one that was started lives.
  bool lives() const {
    const std::string text = base::read_file(folder_.path() / "pid").value_or("");
    return !text.empty() && ::kill(static_cast<pid_t>(std::stol(text)), 0) == 0;
  }

 private:
  void write(const std::string& name, const std::string& text) {
    EXPECT_TRUE(base::write_file_atomic(folder_.path() / name, text));
  }

  base::TemporaryFolder folder_;
};

/// A board that runs models, of this kind, with one deployment.
inline Card real_card(BoardKind kind = BoardKind::kLocal) {
  Card card;
  card.board.name = "board";
  card.board.kind = kind;
  card.deployments = {{.name = "one", .runtime = "openvino", .precision = "fp32"}};
  return card;
}

inline MeasureRequest real_request() {
  MeasureRequest request;
  request.model_bytes = "a model that nobody runs";
  request.vocabulary = 100;
  request.deployment = "one";
  return request;
}

/// The windows in a raw text, in order.
inline std::vector<int> windows_of(const std::string& raw) {
  std::vector<int> windows;
  std::istringstream lines(raw);
  for (std::string line; std::getline(lines, line);) {
    const base::Json item = base::Json::parse(line);
    if (item.contains("window")) windows.push_back(item["window"].get<int>());
  }
  return windows;
}

}  // namespace edgetran::device
