#include "snapshotctl/context.hpp"

#include "base/error.hpp"
#include "snapshotctl/terminal.hpp"

#include <cerrno>
#include <cstdio>

namespace snapshotter::ctl {

bus::Client& Context::client() {
  if (!client_) client_ = std::make_unique<bus::Client>(bus);
  return *client_;
}

View Context::view() const { return terminal_view(); }

int Context::show(const std::string& document,
                  const std::function<std::string(std::string_view, const View&)>& render) const {
  print(json ? document + '\n' : render(document, view()));
  return kExitGood;
}

void print(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0) {
    return;
  }
  throw_system_error("write to standard output", "", errno);
}

}  // namespace snapshotter::ctl
