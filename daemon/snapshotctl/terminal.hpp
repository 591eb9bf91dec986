// The terminal, if there is one: its size, a line that is written over, and Ctrl-C.
#pragma once

#include "base/time.hpp"
#include "snapshotctl/parts/progress.hpp"
#include "snapshotctl/parts/view.hpp"

#include <csignal>
#include <string>

namespace snapshotter::ctl {

// Of standard output. Width from the terminal, else $COLUMNS, else 80; no terminal: 0. Colours only
// on a terminal, and not where NO_COLOR is set or TERM is dumb.
[[nodiscard]] View terminal_view();

// Shows how far something is: on a terminal one line that is written over, at most ten times a
// second; elsewhere a line whenever `what` changes. One thread at a time.
class ProgressDisplay {
 public:
  // `lines`: whether there is anything at all to show where there is no terminal.
  explicit ProgressDisplay(bool lines = true);
  ~ProgressDisplay();
  ProgressDisplay(const ProgressDisplay&) = delete;
  ProgressDisplay& operator=(const ProgressDisplay&) = delete;

  void update(ProgressState state);
  // Removes the line from the terminal.
  void clear();

 private:
  bool terminal_;
  bool lines_;
  bool shown_ = false;
  std::string last_what_;
  Steady drawn_{};
  RateMeter meter_;
};

// While it lives, SIGINT and SIGTERM do nothing but end wait(). Made before any thread is started,
// so that all of them have the signals blocked.
class Interrupts {
 public:
  Interrupts();
  ~Interrupts();
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;

  // True as soon as such a signal comes; false after `limit`.
  [[nodiscard]] bool wait(Duration limit) const;

  // What shells report of a program that Ctrl-C ended.
  static constexpr int kExitCode = 128 + SIGINT;

 private:
  sigset_t signals_{};
  sigset_t before_{};
};

}  // namespace snapshotter::ctl
