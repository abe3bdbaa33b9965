// Makes model folders, ONNX files and safetensors files for tests in other languages.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>
#include <variant>
#include <vector>

#include "base/files.h"
#include "encoder/encoder.h"
#include "onnx/export.h"
#include "weights/model_folder.h"
#include "weights/safetensors.h"

namespace {

using namespace edgetran;  // NOLINT(google-build-using-namespace): a test program of one file

struct Arguments {
  std::string in, out;
  int64_t labels = 0;
  uint64_t seed = 0;
  bool mlm = false;
  bool training = false;
  bool mask = false;
  onnx::ExportOptions onnx;
};

base::Status init(const Arguments& arguments) {
  EDGETRAN_ASSIGN(weights::ModelInfo info, weights::read_model_info(arguments.in));
  info.labels = arguments.labels;
  info.mlm = arguments.mlm;
  EDGETRAN_ASSIGN(const auto graph,
                  encoder::build_encoder(info.spec, weights::build_options(info)));
  const auto kind =
      arguments.training ? weights::Initialization::kTraining : weights::Initialization::kOrderOne;
  return weights::write_model_folder(
      arguments.out, info, graph,
      weights::initialize(graph, base::RandomStream(arguments.seed, "weights"), kind));
}

base::Status export_model(const Arguments& arguments) {
  EDGETRAN_ASSIGN(const auto info, weights::read_model_info(arguments.in));
  encoder::BuildOptions build = weights::build_options(info);
  build.mask = arguments.mask;
  EDGETRAN_ASSIGN(const auto graph, encoder::build_encoder(info.spec, build));
  EDGETRAN_ASSIGN(
      const auto loaded,
      weights::load_weights(std::filesystem::path(arguments.in) / weights::kWeightsFile, graph));
  EDGETRAN_ASSIGN(const std::string bytes, onnx::export_onnx(graph, loaded, arguments.onnx));
  return base::write_file_atomic(arguments.out, bytes);
}

// Reads every tensor and writes it again.
base::Status rewrite(const Arguments& arguments) {
  EDGETRAN_ASSIGN(const auto file, weights::SafetensorsFile::open(arguments.in));
  std::vector<std::vector<float>> floats(file.tensors().size());
  std::vector<std::vector<int64_t>> integers(file.tensors().size());
  std::vector<weights::TensorSource> sources;
  for (size_t i = 0; i < file.tensors().size(); ++i) {
    const weights::TensorView& tensor = file.tensors()[i];
    weights::TensorSource source{tensor.name, tensor.shape, {}};
    if (tensor.type == weights::DataType::kI64) {
      EDGETRAN_ASSIGN(integers[i], weights::read_integers(tensor));
      source.data = std::span<const int64_t>(integers[i]);
    } else {
      EDGETRAN_ASSIGN(floats[i], weights::read_floats(tensor));
      source.data = std::span<const float>(floats[i]);
    }
    sources.push_back(std::move(source));
  }
  return weights::write_safetensors(arguments.out, sources, file.metadata());
}

CLI::App* add_command(CLI::App& app, const char* name, const char* text, Arguments& arguments) {
  CLI::App* command = app.add_subcommand(name, text);
  command->add_option("in", arguments.in)->required();
  command->add_option("out", arguments.out)->required();
  return command;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("makes models for tests");
  app.require_subcommand(1);
  Arguments arguments;
  CLI::App* make = add_command(app, "init", "spec -> model folder", arguments);
  make->add_option("--labels", arguments.labels);
  make->add_option("--seed", arguments.seed);
  make->add_flag("--mlm", arguments.mlm);
  make->add_flag("--training", arguments.training, "small weights instead of order one");
  CLI::App* write = add_command(app, "export", "model folder -> ONNX file", arguments);
  write->add_option("--batch", arguments.onnx.batch);
  write->add_option("--length", arguments.onnx.length);
  write->add_flag("--dynamic", arguments.onnx.dynamic);
  write->add_flag("--hidden", arguments.onnx.hidden);
  write->add_flag("--mask", arguments.mask);
  add_command(app, "rewrite", "safetensors -> safetensors", arguments);
  CLI11_PARSE(app, argc, argv);
  const base::Status status = make->parsed()    ? init(arguments)
                              : write->parsed() ? export_model(arguments)
                                                : rewrite(arguments);
  if (status) return 0;
  std::fprintf(stderr, "%s\n%s\n", status.error().message.c_str(), status.error().hint.c_str());
  return base::exit_code(status.error().category);
}
