#include "data/sampled_source.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/random.h"

namespace edgetran::data {

namespace {

class SampledSource final : public DataSource {
 public:
  SampledSource(std::unique_ptr<DataSource> source, std::map<std::string, int64_t> limits,
                uint64_t seed)
      : source_(std::move(source)), limits_(std::move(limits)), seed_(seed) {}

  Kind kind() const override { return source_->kind(); }
  bool pairs() const override { return source_->pairs(); }
  std::vector<std::string> splits() const override { return source_->splits(); }
  std::vector<std::string> subsets() const override { return source_->subsets(); }
  std::vector<std::filesystem::path> files() const override { return source_->files(); }

  base::Json settings() const override {
    base::Json settings = source_->settings();
    settings["row_limits"] = limits_;
    settings["row_seed"] = seed_;
    return settings;
  }

  base::Result<std::vector<std::string>> read(const RowVisitor& visit) const override {
    const auto names = splits();
    std::vector<int64_t> counts(names.size(), 0);
    EDGETRAN_TRY(source_->read([&](size_t split, const SourceRow&) -> base::Status {
      ++counts[split];
      return {};
    }));
    const auto kept = choose(names, counts);
    std::vector<int64_t> position(names.size(), 0);
    return source_->read([&](size_t split, const SourceRow& row) -> base::Status {
      const auto index = static_cast<size_t>(position[split]++);
      return kept[split].empty() || kept[split][index] ? visit(split, row) : base::Status();
    });
  }

 private:
  /// Per split: which rows stay, or nothing where all do.
  std::vector<std::vector<bool>> choose(const std::vector<std::string>& names,
                                        const std::vector<int64_t>& counts) const {
    std::vector<std::vector<bool>> kept(names.size());
    for (size_t split = 0; split < names.size(); ++split) {
      const auto limit = limits_.find(names[split]);
      if (limit == limits_.end() || limit->second >= counts[split]) continue;
      auto order =
          base::RandomStream(seed_, "data.sample." + names[split]).permutation(counts[split]);
      kept[split].assign(static_cast<size_t>(counts[split]), false);
      for (int64_t i = 0; i < limit->second; ++i)
        kept[split][static_cast<size_t>(order[static_cast<size_t>(i)])] = true;
    }
    return kept;
  }

  std::unique_ptr<DataSource> source_;
  std::map<std::string, int64_t> limits_;
  uint64_t seed_;
};

}  // namespace

std::unique_ptr<DataSource> make_sampled_source(std::unique_ptr<DataSource> source,
                                                std::map<std::string, int64_t> limits,
                                                uint64_t seed) {
  if (limits.empty()) return source;
  return std::make_unique<SampledSource>(std::move(source), std::move(limits), seed);
}

}  // namespace edgetran::data
