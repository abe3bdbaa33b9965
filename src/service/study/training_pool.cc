#include "service/study/training_pool.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "service/study/steady_worker.h"

namespace edgetran::service {

namespace {

/// Adds the trial's name to events on their way.
class TitledSink final : public base::EventSink {
 public:
  TitledSink(base::EventSink& next, std::string title) : next_(next), title_(std::move(title)) {}
  void emit(const base::Event& event) override {
    base::Event titled = event;
    titled.fields["title"] = title_;
    next_.emit(titled);
  }

 private:
  base::EventSink& next_;
  std::string title_;
};

}  // namespace

struct TrainingPool::Impl {
  train::WorkerOptions options;
  base::EventSink& events;
  base::CancelToken cancel;
  std::mutex mutex;
  std::condition_variable wake_worker, wake_owner;
  std::deque<TrainingTask> waiting;
  std::deque<TrainingDone> done;
  size_t pending = 0;
  bool closing = false;
  std::vector<std::thread> threads;

  void serve();
  base::Result<train::TrainResult> run_task(SteadyWorker& worker, const TrainingTask& task);
};

base::Result<train::TrainResult> TrainingPool::Impl::run_task(SteadyWorker& worker,
                                                              const TrainingTask& task) {
  TitledSink sink(events, task.work.text());
  base::Result<train::TrainResult> result = train::TrainResult{};
  for (const auto& job : task.jobs) {
    result = worker.run(job, sink, cancel);
    if (!result) return result;
  }
  return result;
}

void TrainingPool::Impl::serve() {
  SteadyWorker worker(options);
  std::unique_lock<std::mutex> lock(mutex);
  while (true) {
    wake_worker.wait(lock, [&] { return closing || !waiting.empty(); });
    if (closing) return;
    const TrainingTask task = std::move(waiting.front());
    waiting.pop_front();
    lock.unlock();
    auto result = run_task(worker, task);
    lock.lock();
    done.push_back({task.work, std::move(result)});
    wake_owner.notify_one();
  }
}

TrainingPool::TrainingPool(size_t workers, train::WorkerOptions options, base::EventSink& events,
                           base::CancelToken cancel)
    : impl_(new Impl{.options = std::move(options),
                     .events = events,
                     .cancel = std::move(cancel),
                     .mutex = {},
                     .wake_worker = {},
                     .wake_owner = {},
                     .waiting = {},
                     .done = {},
                     .pending = 0,
                     .closing = false,
                     .threads = {}}) {
  for (size_t i = 0; i < workers; ++i) impl_->threads.emplace_back([this] { impl_->serve(); });
}

TrainingPool::~TrainingPool() {
  {
    const std::lock_guard<std::mutex> lock(impl_->mutex);
    impl_->closing = true;
    impl_->waiting.clear();
  }
  if (pending() > 0) impl_->cancel.request();
  impl_->wake_worker.notify_all();
  for (auto& thread : impl_->threads) thread.join();
}

void TrainingPool::submit(TrainingTask task) {
  const std::lock_guard<std::mutex> lock(impl_->mutex);
  impl_->waiting.push_back(std::move(task));
  ++impl_->pending;
  impl_->wake_worker.notify_one();
}

size_t TrainingPool::pending() const {
  const std::lock_guard<std::mutex> lock(impl_->mutex);
  return impl_->pending;
}

size_t TrainingPool::idle() const {
  const std::lock_guard<std::mutex> lock(impl_->mutex);
  const size_t busy = impl_->pending - impl_->done.size();
  return busy < impl_->threads.size() ? impl_->threads.size() - busy : 0;
}

TrainingDone TrainingPool::wait() {
  std::unique_lock<std::mutex> lock(impl_->mutex);
  EDGETRAN_CHECK(impl_->pending > 0, "wait() without pending work");
  impl_->wake_owner.wait(lock, [&] { return !impl_->done.empty(); });
  TrainingDone result = std::move(impl_->done.front());
  impl_->done.pop_front();
  --impl_->pending;
  return result;
}

}  // namespace edgetran::service
