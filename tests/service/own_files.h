#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "base/files.h"
#include "service/study/study_task.h"

namespace edgetran::service {

/// Own files in a folder of their own.
class OwnFilesTest : public testing::Test {
 protected:
  /// Own files of these rows.
  TaskConfig task_of(const std::string& train, const std::string& dev, const char* label_kind) {
    TaskConfig task;
    task.source = "files";
    task.train = write("train.tsv", "text\tlabel\n" + train);
    task.dev = write("dev.tsv", "text\tlabel\n" + dev);
    task.label_kind = label_kind;
    task.vocabulary_size = 64;
    return task;
  }
  base::Result<PreparedTask> prepare(const std::string& train, const std::string& dev,
                                     const char* label_kind) {
    base::NullSink events;
    return prepare_task(task_of(train, dev, label_kind), 1, folder() / "cache", events);
  }

  std::string write(const char* name, const std::string& text) {
    const auto path = folder_.path() / name;
    EXPECT_TRUE(base::write_file_atomic(path, text));
    return path.string();
  }
  const std::filesystem::path& folder() const { return folder_.path(); }

 private:
  base::TemporaryFolder folder_ = base::TemporaryFolder::create("edgetran-study-task").value();
};

}  // namespace edgetran::service
