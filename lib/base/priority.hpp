// How much of the machine work takes that can wait.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace snapshotter {

// As ionice(1) and systemd's IOSchedulingClass= say it. I/O schedulers without priorities (none,
// kyber) take no notice; see ioprio_set(2).
struct IoPriority {
  enum class Class { best_effort, idle };  // idle: served when nobody else wants the disk
  static constexpr int kLowest = 7;
  static constexpr int kUsual = 4;  // what a thread has that never asked for anything

  Class of = Class::best_effort;
  int level = kUsual;  // of best_effort: 0 (first) … 7; of idle: 0
  bool operator==(const IoPriority&) const = default;
};

// "idle", "best-effort:7"; a plain "best-effort" is the usual level. nullopt for anything else.
[[nodiscard]] std::optional<IoPriority> parse_io_priority(std::string_view text);
// What parse_io_priority takes, with the level.
[[nodiscard]] std::string to_string(IoPriority priority);

struct Priority {
  int nice = 0;  // 0…19, added to the nice value of the process
  IoPriority io;
  bool operator==(const Priority&) const = default;
};

}  // namespace snapshotter
