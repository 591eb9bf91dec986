#include "snapshotctl/terminal.hpp"

#include "snapshotctl/context.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <string_view>

namespace snapshotter::ctl {
namespace {

constexpr Duration kRedraw = std::chrono::milliseconds(100);
constexpr std::string_view kEraseLine = "\r\x1b[K";

std::size_t terminal_width() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  std::size_t columns = 0;
  if (const char* text = std::getenv("COLUMNS")) {
    const std::string_view digits(text);
    std::from_chars(digits.data(), digits.data() + digits.size(), columns);
  }
  constexpr std::size_t kUsual = 80;
  return columns > 0 ? columns : kUsual;
}

bool wants_colour() {
  const char* no_colour = std::getenv("NO_COLOR");
  if (no_colour != nullptr && *no_colour != '\0') return false;
  const char* term = std::getenv("TERM");
  return term == nullptr || std::string_view(term) != "dumb";
}

Steady steady_now() {
  return std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now());
}

}  // namespace

View terminal_view() {
  View view;
  view.now = std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
  view.zone = schedule::TimeZone::system();
  if (::isatty(STDOUT_FILENO) == 0) return view;
  view.width = terminal_width();
  view.colour = wants_colour();
  return view;
}

ProgressDisplay::ProgressDisplay(bool lines)
    : terminal_(::isatty(STDOUT_FILENO) != 0), lines_(lines) {}

ProgressDisplay::~ProgressDisplay() {
  try {
    clear();
  } catch (const std::exception&) {
    // Nobody can see the terminal any more; what ended the work is the news.
  }
}

void ProgressDisplay::update(ProgressState state) {
  const auto now = steady_now();
  const bool changed = state.what != last_what_;
  last_what_ = state.what;
  if (!terminal_) {
    if (changed && lines_) print(state.what + '\n');
    return;
  }
  meter_.update(now, state.done);
  if (shown_ && !changed && now - drawn_ < kRedraw) return;
  drawn_ = now;
  shown_ = true;
  state.rate = meter_.rate();
  auto view = terminal_view();
  if (view.width > 1) --view.width;  // a full last column would begin a new line
  print(std::string(kEraseLine) + progress_line(state, view));
}

void ProgressDisplay::clear() {
  if (shown_) print(kEraseLine);
  shown_ = false;
}

}  // namespace snapshotter::ctl
