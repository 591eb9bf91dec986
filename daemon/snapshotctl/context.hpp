// What every verb has at hand: the daemon, the terminal, and what was said before the verb.
#pragma once

#include "bus/client/client.hpp"
#include "snapshotctl/parts/view.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace snapshotter::ctl {

struct Context {
  bus::Client::Place bus = bus::Client::Place::system;
  bool json = false;
  // What the chosen verb does; returns the exit code. Set while the command line is read.
  std::function<int()> action;

  // Connected when it is first asked for.
  [[nodiscard]] bus::Client& client();
  // Of standard output, now.
  [[nodiscard]] View view() const;
  // The document as it is with --json, else what `render` makes of it.
  int show(const std::string& document,
           const std::function<std::string(std::string_view, const View&)>& render) const;

 private:
  std::unique_ptr<bus::Client> client_;
};

// Standard output, with every failure an error: `snapshotctl runs > /full/disk` must not be 0.
void print(std::string_view text);

}  // namespace snapshotter::ctl
