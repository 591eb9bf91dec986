// What stands before an entry's content. A tree of small files is mostly this.
#include "archive/tar_encoder.hpp"

#include <benchmark/benchmark.h>

#include <string>

namespace snapshotter::bench {
namespace {

archive::Entry entry(std::string path) {
  archive::Entry entry;
  entry.path = std::move(path);
  entry.size = 1234;
  entry.mode = 0644;
  entry.user = "www-data";
  entry.group = "www-data";
  entry.modified = {1'795'500'000, 123'456'789};
  return entry;
}

void encode(benchmark::State& state, const archive::Entry& encoded) {
  for (auto _ : state) benchmark::DoNotOptimize(archive::encode_header(encoded));
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
}

archive::Entry whole_second() {
  auto plain = entry("srv/www/index.html");
  plain.modified.tv_nsec = 0;
  return plain;
}

archive::Entry with_attributes() {
  auto labelled = entry("srv/www/index.html");
  labelled.xattrs = {{"security.selinux", "system_u:object_r:httpd_sys_content_t:s0"},
                     {"user.mime_type", "text/html"}};
  return labelled;
}

BENCHMARK_CAPTURE(encode, whole_second, whole_second())->Name("tar/whole_second");
BENCHMARK_CAPTURE(encode, short_name, entry("srv/www/index.html"))->Name("tar/short_name");
BENCHMARK_CAPTURE(encode, long_name,
                  entry("srv/" + std::string(120, 'a') + "/" + std::string(120, 'b')))
    ->Name("tar/long_name");
BENCHMARK_CAPTURE(encode, attributes, with_attributes())->Name("tar/attributes");

}  // namespace
}  // namespace snapshotter::bench
