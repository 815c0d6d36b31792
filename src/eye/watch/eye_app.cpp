#include "maitred/eye/watch/eye_app.h"

#include <malloc.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <string>
#include <thread>
#include <utility>

#include "analysis_thread.h"
#include "core_link.h"
#include "maitred/base/log.h"
#include "rate_meter.h"

namespace maitred {
namespace {

constexpr Milliseconds kTurn{50};  // of the main loop
constexpr Milliseconds kHealthEvery{500};
constexpr Milliseconds kConnectPatience{500};
constexpr Milliseconds kStopPatience{2000};   // to finish the frames in progress after SIGTERM
constexpr Milliseconds kAnalysisHangs{5000};  // longest analysis of one frame
constexpr Milliseconds kDecoderSlow{8000};    // a longer decoder call stops feeding the watchdog
constexpr Milliseconds kDecoderStuck{15000};  // a longer decoder call ends the process

Timestamp now() { return std::chrono::steady_clock::now(); }

FrameSlot::Mode slot_mode(const CaptureOptions& capture) {
  const bool lossless = !is_live(source_kind(capture.source)) && !capture.realtime;
  return lossless ? FrameSlot::Mode::kLossless : FrameSlot::Mode::kLatest;
}

EyeHello hello_of(const EyeOptions& options, const Engine& engine) {
  EyeHello hello;
  hello.camera = options.camera;
  hello.engine = engine.embedder->engine();
  hello.template_length = static_cast<std::uint32_t>(engine.embedder->template_length());
  hello.pid = static_cast<std::int32_t>(::getpid());
  return hello;
}

std::string backend_of(const Engine& engine) {
  std::string detector = engine.detector->backend();
  const std::string embedder = engine.embedder->backend();
  return detector == embedder ? detector : detector + "+" + embedder;
}

void give_back_memory() {
#if defined(__GLIBC__)
  ::malloc_trim(0);
#endif
}

// Ends the process without unwinding: a thread that hangs in the decoder cannot be joined.
[[noreturn]] void end_at_once(int status) {
  spdlog::default_logger()->flush();
  std::_Exit(status);
}

class EyeRun {
 public:
  EyeRun(const EyeOptions& options, Engine engine, const std::atomic<bool>& stop)
      : options_(options),
        stop_(stop),
        slot_(slot_mode(options.capture.capture)),
        link_(options.socket, hello_of(options, engine)),
        backend_(backend_of(engine)),
        capture_(options.capture, slot_),
        analysis_(Analysis(std::move(engine), options.analysis), slot_, link_) {}

  Status run() {
    options_.notifier.send("READY=1");
    // A file is not read before the core listens: its sightings would be late.
    while (!link_.connect(kConnectPatience)) {
      if (should_stop()) return {};
      feed_watchdog();
      std::this_thread::sleep_for(kTurn);
    }
    // Returns the memory that loading and testing the networks took.
    give_back_memory();
    capture_.start();
    analysis_.start();
    while (!should_stop() && !analysis_.wait(kTurn)) {
      link_.connect(kConnectPatience);
      if (options_.every_turn) options_.every_turn();
      report_health();
      watch_decoder();
      feed_watchdog();
    }
    options_.notifier.send("STOPPING=1");
    return finish();
  }

 private:
  bool should_stop() const {
    if (stop_) return true;
    return options_.parent_pid > 0 && ::getppid() != options_.parent_pid;
  }

  EyeHealth health() {
    const CaptureStatus capture = capture_.status();
    const AnalysisStatus analysis = analysis_.status();
    EyeHealth health;
    health.state = capture.state;
    health.note = capture.note;
    // A file has ended when its last frame is analysed.
    if (health.state == EyeState::kEnded && !analysis.finished) health.state = EyeState::kRunning;
    if (analysis.busy_for > kAnalysisHangs) {
      health.state = EyeState::kStalled;
      health.note = "the analysis of one frame hangs; check the load of this machine";
    }
    health.fps = rate_.update(analysis.counts.frames, now());
    health.frames = analysis.counts.frames;
    health.dropped = slot_.dropped();
    health.faces = analysis.counts.faces;
    health.tracks = analysis.counts.tracks;
    health.embeddings = analysis.counts.embeddings;
    health.not_live = analysis.counts.not_live;
    health.backend = backend_;
    return health;
  }

  // Reports every half second, and at once when the state has changed.
  void report_health() {
    const EyeState state = capture_.status().state;
    if (now() < next_health_ && state == reported_state_) return;
    next_health_ = now() + kHealthEvery;
    reported_state_ = state;
    link_.offer(health());
  }

  void feed_watchdog() {
    const auto watchdog = options_.notifier.watchdog();
    if (!watchdog || now() < next_feeding_) return;
    next_feeding_ = now() + *watchdog / 4;
    const bool working = capture_.status().blocked_for < kDecoderSlow &&
                         analysis_.status().busy_for < kAnalysisHangs;
    if (working) options_.notifier.send("WATCHDOG=1");
  }

  void watch_decoder() {
    if (capture_.status().blocked_for < kDecoderStuck) return;
    journal().error("camera \"{}\": decoder hung for {}; exiting so that it is restarted",
                    options_.camera, format_duration(kDecoderStuck));
    end_at_once(static_cast<int>(Fault::kEnvironment));
  }

  Status finish() {
    const bool capture_ended = capture_.stop(kStopPatience);
    if (!analysis_.wait(kStopPatience)) link_.give_up();
    const AnalysisStatus analysis = analysis_.status();
    const CaptureStatus capture = capture_.status();
    EyeHealth last = health();
    const bool failed = analysis.failure || capture.failure;
    if (!failed) last.state = EyeState::kEnded;
    link_.offer(last);
    journal().info("{} frames, {} faces, {} tracks, {} templates, {} frames dropped", last.frames,
                   last.faces, last.tracks, last.embeddings, last.dropped);
    if (!capture_ended) end_at_once(failed ? static_cast<int>(Fault::kEnvironment) : 0);
    if (analysis.failure) return tl::unexpected(*analysis.failure);
    if (capture.failure) return tl::unexpected(*capture.failure);
    return {};
  }

  const EyeOptions& options_;
  const std::atomic<bool>& stop_;
  FrameSlot slot_;
  CoreLink link_;
  const std::string backend_;
  CaptureThread capture_;
  AnalysisThread analysis_;
  RateMeter rate_;
  Timestamp next_health_{};
  Timestamp next_feeding_{};
  EyeState reported_state_ = EyeState::kConnecting;
};

}  // namespace

Status run_eye(const EyeOptions& options, Engine engine, const std::atomic<bool>& stop) {
  return EyeRun(options, std::move(engine), stop).run();
}

}  // namespace maitred
