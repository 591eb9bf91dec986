// The terminal, if there is one: its size, a line that is written over, and Ctrl-C.
#pragma once

#include "base/time.hpp"
#include "snapshotctl/parts/progress.hpp"
#include "snapshotctl/parts/view.hpp"

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

}  // namespace snapshotter::ctl
