// The threads of models compiled by keratin: C++17, the standard library, nothing else. Every artifact brings this file; models in one
// program share the code, each instance has threads of its own.
//
// A thread that waits spins for some microseconds, since the others are close behind as a rule; then it lets others have the core for about a
// millisecond, and then it sleeps. Threads that sleep sooner may stay on one core, taking turns: systems spread those that want to run, and leave alone
// those that wake each other.
#ifndef KERATIN_RUNTIME_H
#define KERATIN_RUNTIME_H

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace keratin {
// Another version of this file may be part of the same program.
inline namespace runtime_1 {

/** Something that changes and can be waited for. */
class Signal {
 public:
  uint32_t value() const { return value_.load(std::memory_order_acquire); }

  void advance() {
    value_.fetch_add(1, std::memory_order_seq_cst);
    if (sleepers_.load(std::memory_order_seq_cst) == 0) return;
    std::lock_guard<std::mutex> lock(mutex_);
    changed_.notify_all();
  }

  /** Waits until the value is no longer `old`. */
  void await(uint32_t old) {
    for (int i = 0; i < kSpins + kYields; i++) {
      if (value() != old) return;
      if (i < kSpins) pause();
      else std::this_thread::yield();
    }
    std::unique_lock<std::mutex> lock(mutex_);
    sleepers_.fetch_add(1, std::memory_order_seq_cst);
    changed_.wait(lock, [&] { return value_.load(std::memory_order_seq_cst) != old; });
    sleepers_.fetch_sub(1, std::memory_order_relaxed);
  }

 private:
  static constexpr int kSpins = 2000;
  static constexpr int kYields = 2000;

  static void pause() {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
  }

  alignas(64) std::atomic<uint32_t> value_{0};
  std::atomic<uint32_t> sleepers_{0};
  std::mutex mutex_;
  std::condition_variable changed_;
};

class Team;

/** One thread of those that run a call together. */
struct Thread {
  int index;
  int count;
  Team* team;

  /** Where the part of thread `i` of a loop begins. */
  int part(int trips, int i) const { return int(int64_t(trips) * i / count); }
  int begin(int trips) const { return part(trips, index); }
  int end(int trips) const { return part(trips, index + 1); }
  /** Waits until all threads have come here. */
  void meet() const;
};

/** The threads of an instance, among them the one that calls. */
class Team {
 public:
  /** Throws std::system_error when the system has no more threads. */
  explicit Team(int count) : count_(count) {
    try {
      for (int i = 1; i < count; i++) threads_.emplace_back([this, i] { serve(i); });
    } catch (...) {
      stop();
      throw;
    }
  }
  ~Team() { stop(); }
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  int count() const { return count_; }

  /** Calls `task(thread)` on every thread and returns when all are done. */
  template <class Task>
  void run(const Task& task) {
    task_ = [](const void* context, const Thread& thread) { (*static_cast<const Task*>(context))(thread); };
    context_ = &task;
    job_.advance();
    const Thread own{0, count_, this};
    task(own);
    meet();
  }

  void meet() {
    const uint32_t round = round_.value();
    if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 < count_) return round_.await(round);
    arrived_.store(0, std::memory_order_relaxed);
    round_.advance();
  }

 private:
  void serve(int index) {
    const Thread own{index, count_, this};
    for (uint32_t job = 0;; job++) {
      job_.await(job);
      if (task_ == nullptr) return;
      task_(context_, own);
      meet();
    }
  }

  void stop() {
    task_ = nullptr;
    job_.advance();
    for (std::thread& thread : threads_) thread.join();
  }

  const int count_;
  Signal job_;
  Signal round_;
  alignas(64) std::atomic<int> arrived_{0};
  void (*task_)(const void*, const Thread&) = nullptr;
  const void* context_ = nullptr;
  std::vector<std::thread> threads_;
};

inline void Thread::meet() const {
  if (team != nullptr) team->meet();
}

}  // namespace runtime_1
}  // namespace keratin

#endif
