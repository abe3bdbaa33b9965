// The tool: spaces, models, measurements, search and studies. No engine lives in this process.
#include "cli/command_line.h"

int main(int argc, char** argv) { return edgetran::cli::run_command_line(argc, argv); }
