#include "engine/outcome.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "base/units.hpp"

#include <algorithm>
#include <cmath>

namespace snapshotter::engine {

using catalog::RunState;

RunState outcome(const std::vector<catalog::TargetResult>& results) {
  const auto count = [&](RunState state) {
    return std::ranges::count(results, state, &catalog::TargetResult::state);
  };
  const auto all = std::ssize(results);
  if (count(RunState::succeeded) == all) return RunState::succeeded;
  if (count(RunState::succeeded) + count(RunState::partial) > 0) return RunState::partial;
  return RunState::failed;
}

namespace {

std::string counted(std::uint64_t count, std::string_view what) {
  return std::to_string(count) + (count == 1 ? " file " : " files ") + std::string(what);
}

// The first warning of a kind, as an example.
std::string example(const target::Report& report, target::Warning::Kind kind) {
  const auto found = std::ranges::find(report.warnings, kind, &target::Warning::kind);
  if (found == report.warnings.end()) return {};
  return ", such as '" + printable(found->path) + "': " + found->what;
}

}  // namespace

std::vector<std::string> check_warnings(const target::Report& report,
                                        const config::Tolerance& tolerance,
                                        const std::string& target) {
  using Kind = target::Warning::Kind;
  if (const auto total = report.changed + report.missing;
      tolerance.fail_above && total > *tolerance.fail_above) {
    throw BackupError({"back up", target,
                       counted(total, "changed or could not be saved, more than the ") +
                           std::to_string(*tolerance.fail_above) + " of tolerate.fail_above" +
                           example(report, report.missing > 0 ? Kind::missing : Kind::changed),
                       "the warnings of the run name them"});
  }
  std::vector<std::string> reasons;
  if (report.missing > tolerance.missing) {
    reasons.push_back(counted(report.missing, "could not be saved") +
                      example(report, Kind::missing));
  }
  if (tolerance.changed && report.changed > *tolerance.changed) {
    reasons.push_back(counted(report.changed, "changed while being read") +
                      example(report, Kind::changed));
  }
  return reasons;
}

std::vector<std::string> check_size(ByteSize content, const config::Expectation& expect,
                                    std::optional<ByteSize> last_good) {
  std::vector<std::string> reasons;
  if (expect.min_size && content < *expect.min_size) {
    reasons.push_back("the source had " + to_string(content) + ", less than the " +
                      to_string(*expect.min_size) + " of expect.min_size");
  }
  if (!last_good || last_good->bytes == 0) return reasons;
  if (content.bytes == 0) {
    reasons.push_back("the source was empty; the last good backup has " + to_string(*last_good));
  } else if (expect.max_shrink) {
    const auto shrunk =
        1.0 - static_cast<double>(content.bytes) / static_cast<double>(last_good->bytes);
    if (shrunk > *expect.max_shrink) {
      const auto percent = [](double part) {
        return std::to_string(std::lround(part * 100)) + " %";
      };
      reasons.push_back("the source shrank by " + percent(shrunk) + ", from " +
                        to_string(*last_good) + " to " + to_string(content) +
                        "; expect.max_shrink is " + percent(*expect.max_shrink));
    }
  }
  return reasons;
}

}  // namespace snapshotter::engine
