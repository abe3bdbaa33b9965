#pragma once

#include <filesystem>
#include <string>

#include "base/files.h"
#include "places.h"

namespace edgetran::train {

/// A program that behaves as fake_worker.py does in `mode`.
inline std::filesystem::path make_fake_worker(const base::TemporaryFolder& folder,
                                              const std::string& mode) {
  const auto path = folder.path() / ("worker-" + mode);
  const std::string script = std::string("#!/bin/sh\nexec python3 ") + places::source().string() +
                             "/tests/train/fake_worker.py " + mode + " \"$@\"\n";
  EDGETRAN_CHECK(base::write_file_atomic(path, script), "the script is written");
  std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  return path;
}

}  // namespace edgetran::train
