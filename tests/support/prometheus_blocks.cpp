#include "support/prometheus_blocks.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <random>
#include <stdexcept>
#include <tuple>

namespace snapshotter::test {
namespace {

constexpr std::uint64_t kTwoHours = 7200;
constexpr std::uint64_t kFirst = kTwoHours * 249'372;  // 2026-11-24

void write_samples(const std::filesystem::path& file, unsigned blocks, BlockContent content) {
  std::ofstream out(file);
  std::minstd_rand random(1);
  out << "# TYPE metric gauge\n";
  out.precision(17);
  for (unsigned series = 0; series < content.series; ++series) {
    for (unsigned block = 0; block < blocks; ++block) {
      const std::uint64_t from = kFirst + block * kTwoHours;
      for (unsigned i = 0; i < content.samples; ++i) {
        const double value = content.noisy ? static_cast<double>(random()) / 7 : i;
        out << "metric{number=\"" << series << "\"} " << value << ' ' << from + i << '\n';
      }
    }
  }
  out << "# EOF\n";
}

void run_promtool(const std::filesystem::path& folder, unsigned blocks, BlockContent content) {
  const TempDir dir;
  const auto samples = dir.path() / "samples";
  write_samples(samples, blocks, content);
  const std::string command = "promtool tsdb create-blocks-from openmetrics --quiet '" +
                              samples.string() + "' '" + folder.string() + "' >/dev/null";
  if (std::system(command.c_str()) != 0) throw std::runtime_error("promtool failed");
}

}  // namespace

std::vector<std::string> make_blocks(const std::filesystem::path& folder, unsigned count,
                                     BlockContent content) {
  using Key = std::tuple<unsigned, unsigned, unsigned, bool>;
  static std::map<Key, TempDir> made;
  const auto [it, is_new] =
      made.try_emplace({count, content.series, content.samples, content.noisy});
  if (is_new) run_promtool(it->second.path(), count, content);
  std::filesystem::create_directories(folder);
  std::filesystem::copy(it->second.path(), folder, std::filesystem::copy_options::recursive);
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    names.push_back(entry.path().filename());
  }
  std::ranges::sort(names);
  return names;
}

}  // namespace snapshotter::test
