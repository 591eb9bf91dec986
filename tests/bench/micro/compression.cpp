// One block at a time on one core: what the workers of an archive do. MB/s are of content, `ratio`
// is content to compressed.
#include "archive/codec.hpp"
#include "samples.hpp"

#include <benchmark/benchmark.h>

#include <span>
#include <string>

namespace snapshotter::bench {
namespace {

using archive::Buffer;
using archive::Codec;
using archive::Format;

struct Case {
  Format format;
  std::string level;
  Content content;

  [[nodiscard]] std::string title(const std::string& doing) const {
    return doing + "/" + std::string(archive::name(format)) + (level.empty() ? "" : "/") + level +
           "/" + name(content);
  }
};

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

archive::Level level_of(const Case& measured) {
  return archive::parse_level(measured.level, measured.format).value();
}

void count_bytes(benchmark::State& state, std::size_t each) {
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) *
                          static_cast<std::int64_t>(each));
}

void compress(benchmark::State& state, const Case& measured) {
  const Codec& codec = archive::codec_of(measured.format);
  const std::string block = make(measured.content, codec.block_size());
  const auto compressor = codec.compressor(level_of(measured));
  Buffer member;
  for (auto _ : state) {
    compressor->compress(bytes_of(block), member);
    benchmark::DoNotOptimize(member.data());
  }
  count_bytes(state, block.size());
  state.counters["ratio"] = static_cast<double>(block.size()) / static_cast<double>(member.size());
}

void inflate(benchmark::State& state, const Case& measured) {
  const Codec& codec = archive::codec_of(measured.format);
  const std::string block = make(measured.content, codec.block_size());
  Buffer member;
  codec.compressor({})->compress(bytes_of(block), member);
  const auto inflater = codec.inflater();
  std::string back(block.size(), '\0');
  for (auto _ : state) {
    const auto wrong = inflater->inflate(member, std::as_writable_bytes(std::span(back)));
    if (!wrong.empty()) state.SkipWithError("inflate");
  }
  if (back != block) state.SkipWithError("what came back is not what went in");
  count_bytes(state, block.size());
}

const bool kRegistered = [] {
  for (const auto content : {Content::log, Content::rows, Content::random}) {
    for (const auto format : {Format::tar_gz, Format::tar_zst}) {
      for (const char* level : {"fast", "balanced", "small"}) {
        const Case measured{format, level, content};
        benchmark::RegisterBenchmark(measured.title("compress").c_str(), compress, measured);
      }
      const Case measured{format, "", content};
      benchmark::RegisterBenchmark(measured.title("inflate").c_str(), inflate, measured);
    }
  }
  return true;
}();

}  // namespace
}  // namespace snapshotter::bench
