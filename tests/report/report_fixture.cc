// report_fixture TRIALS FILE.html [scores]: renders a made-up study for the browser test and for
// the eye; with "scores" one of scores on a subset.
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/files.h"
#include "report/report.h"
#include "report/synthetic_study.h"

int main(int argc, char** argv) {
  using namespace edgetran;
  const bool scores = argc == 4 && std::strcmp(argv[3], "scores") == 0;
  const long trials = argc == 3 || scores ? std::strtol(argv[1], nullptr, 10) : 0;
  if (trials < 8) {
    std::fprintf(stderr, "usage: report_fixture TRIALS FILE.html [scores]   (TRIALS >= 8)\n");
    return 2;
  }
  const report::ReportOptions options{
      .program = "edgetran 0.1.0",
      .commands = {{"Measure it again", "edgetran measure deploy/model --device cpu-2t-fp32"},
                   {"Export it", "edgetran model export deploy/model --to onnx --out model.onnx"}}};
  const auto page = report::render_report(
      scores ? report::scored_study(trials) : report::synthetic_study(trials), options);
  const base::Status written =
      page ? base::write_file_atomic(argv[2], *page) : base::Status(base::fail(page.error()));
  if (!written) std::fprintf(stderr, "%s\n", written.error().message.c_str());
  return written ? 0 : 1;
}
