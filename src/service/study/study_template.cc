#include "service/study/study_template.h"

#include <fmt/format.h>

#include "service/study/study_config.h"

namespace edgetran::service {

namespace {

/// A section with every setting at its default, commented out.
std::string section(const char* name, const std::vector<base::SettingInfo>& infos) {
  std::string text = fmt::format("\n{}:\n", name);
  for (const auto& info : infos) {
    std::string value = base::dump_json(info.default_value);
    if (info.default_value.is_string() && !info.default_value.get<std::string>().empty())
      value = info.default_value.get<std::string>();
    text += fmt::format("  # {}{}\n  {}: {}\n", info.text,
                        info.unit.empty() ? "" : " [" + info.unit + "]", info.name, value);
  }
  return text;
}

}  // namespace

std::string study_template() {
  return std::string(
             "# A study: data, encoders, devices, budget. Run or continue it with\n"
             "#   edgetran study run study.yaml --out STUDY\n"
             "format: edgetran.study/1\n"
             "name: my-study\n"
             "seed: 1\n"
             "\n"
             "# The encoders to choose from: here, or the name of a space file.\n"
             "space:\n"
             "  format: edgetran.space/1\n"
             "  name: small\n"
             "  layers: [1, 2, 3]\n"
             "  width: [64, 128, 192]\n"
             "  heads: [2, 4]\n"
             "  head_types: [sa_sdp]\n"
             "  feed_forward: {depth: [1, 2], sizes: [128, 256]}\n"
             "  positions: 64\n"
             "\n"
             "# Device cards, or this-machine, whose deployments are detected.\n"
             "devices: [this-machine]\n"
             "\n"
             "# Encoders to draw, training tokens of each rung, share that goes on.\n"
             "search: {method: random, encoders: 12, rungs: [100000, 400000, 1600000], keep: "
             "0.34}\n"
             "\n"
             "# What counts; the first objective chooses among the pairs that keep the limits.\n"
             "# Left out: the task's metric (what GLUE reports of its tasks, else accuracy of\n"
             "# classes and pearson of scores) and latency. What can be named: metrics on dev\n"
             "# (classes: accuracy, f1, macro_f1, matthews, loss; scores: pearson, spearman, "
             "rmse,\n"
             "# loss), parameters, flops, and what is measured (latency_s, energy_j, "
             "peak_power_w,\n"
             "# memory_bytes, model_bytes).\n"
             "# objectives:\n"
             "#   - {name: accuracy, goal: maximize}\n"
             "#   - {name: latency_s, goal: minimize, unit: s}\n"
             "# constraints:\n"
             "#   - {name: latency_s, max: 0.005}\n") +
         section("task", task_settings().infos()) +
         section("pretraining", pretraining_settings().infos()) +
         section("training", train::train_settings().infos()) +
         section("execution", execution_settings().infos()) +
         section("measurement", measurement_settings().infos());
}

}  // namespace edgetran::service
