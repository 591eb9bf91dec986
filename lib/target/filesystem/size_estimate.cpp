#include "target/filesystem/size_estimate.hpp"

#include "base/error.hpp"
#include "target/filesystem/hard_links.hpp"

#include <algorithm>
#include <utility>

namespace snapshotter::target {
namespace {

class SizeVisitor : public TreeVisitor {
 public:
  SizeVisitor(const std::function<bool()>& expired, std::stop_source& enough)
      : expired_(expired), enough_(enough) {}

  void directory(const Found&) override { look_at_clock(); }
  void other(const Found& found) override {
    look_at_clock();
    const Status& status = found.status;
    if (!S_ISREG(status.stx_mode) || links_.find(status)) return;
    links_.saved(status, {});
    bytes_ += std::min<std::uint64_t>(status.stx_size, status.stx_blocks * 512);
  }
  void warn(Warning) override {}

  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }

 private:
  void look_at_clock() {
    if (expired_()) enough_.request_stop();
  }

  const std::function<bool()>& expired_;
  std::stop_source& enough_;
  HardLinks links_;
  std::uint64_t bytes_ = 0;
};

}  // namespace

std::optional<std::uint64_t> estimate_size(std::span<const std::string> paths,
                                           const Excludes& excludes, WalkOptions options,
                                           const std::function<bool()>& expired,
                                           std::stop_token stop) {
  std::stop_source enough;
  const std::stop_callback on_stop(stop, [&] { enough.request_stop(); });
  SizeVisitor visitor(expired, enough);
  try {
    walk_trees(paths, excludes, options, visitor, enough.get_token());
  } catch (const Error&) {
    return std::nullopt;
  }
  if (enough.stop_requested()) return std::nullopt;
  return visitor.bytes();
}

}  // namespace snapshotter::target
