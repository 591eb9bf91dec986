#include "archive/writer.hpp"

#include "archive/block_pipeline.hpp"
#include "archive/codec.hpp"
#include "archive/entry_index.hpp"
#include "archive/tar_block.hpp"
#include "archive/tar_encoder.hpp"
#include "base/error.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <optional>
#include <utility>

namespace snapshotter::archive {
namespace {

[[noreturn]] void misuse(const std::string& why) {
  throw CompressionError({"write archive", "", why, "this is a bug of Snapshotter; report it"});
}

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

}  // namespace

struct ArchiveWriter::Impl {
  Impl(ByteSink& sink_to, async::WorkerPool& workers, WriterOptions options,
       std::stop_token stop_on)
      : sink(sink_to),
        stop(std::move(stop_on)),
        pace(std::move(options.pace)),
        codec(codec_of(options.format)),
        compressors([this, level = options.level] { return codec.compressor(level); }),
        pipeline(workers, [this](Block& block) { compress(block); }) {
    if (options.index != nullptr) entries.emplace(*options.index);
  }

  // The tar stream, cut into blocks. `zeros` instead of bytes: null.
  void put(const std::byte* bytes, std::uint64_t length);
  void put(std::span<const std::byte> bytes) { put(bytes.data(), bytes.size()); }
  void pad() { put(nullptr, round_up_to_block(tar_bytes) - tar_bytes); }
  void flush();
  void submit();
  void append_oldest();
  void append(std::span<const std::byte> member, std::size_t inflated);
  void compress(Block& block);
  void to_sink(std::span<const std::byte> bytes);
  void finish_entries();

  enum class State { between, file, stream, finished };
  void expect(State wanted, const char* call) const {
    if (state != wanted) misuse(std::string(call) + "() in the wrong place");
  }

  ByteSink& sink;
  std::stop_token stop;
  std::function<void(std::uint64_t)> pace;
  const Codec& codec;
  Spares<Compressor> compressors;

  State state = State::between;
  std::uint64_t content_left = 0;
  // Of a stream: what its header is made of when its size is known, and where that goes.
  Entry stream;
  std::uint64_t stream_offset = 0;
  std::uint64_t stream_size = 0;
  std::uint64_t stream_header = 0;  // in the tar stream

  std::size_t filled = 0;  // of the pipeline's head
  std::uint64_t tar_bytes = 0;
  std::atomic<std::uint64_t> content_bytes{0};
  std::uint64_t paced = 0;  // of these
  std::atomic<std::uint64_t> stored_bytes{0};
  Buffer index;
  std::optional<IndexWriter> entries;
  std::array<std::byte, IndexEnd::kTail> tail{};  // the last bytes in the sink
  Fingerprinter appended;
  WriteSummary summary;

  BlockPipeline pipeline;  // last: its destructor waits for compress()
};

void ArchiveWriter::Impl::put(const std::byte* bytes, std::uint64_t length) {
  tar_bytes += length;
  while (length > 0) {
    if (filled == 0) {
      if (stop.stop_requested()) throw CancelledError("write archive");
      while (pipeline.full()) append_oldest();
      pipeline.head().in.resize(codec.block_size());
    }
    Buffer& block = pipeline.head().in;
    const auto count =
        static_cast<std::size_t>(std::min<std::uint64_t>(length, block.size() - filled));
    if (bytes != nullptr) {
      std::memcpy(block.data() + filled, bytes, count);
      bytes += count;
    } else {
      std::memset(block.data() + filled, 0, count);
    }
    filled += count;
    length -= count;
    if (filled == block.size()) submit();
  }
}

void ArchiveWriter::Impl::submit() {
  if (const std::uint64_t passed = content_bytes - std::exchange(paced, content_bytes);
      pace && passed > 0) {
    pace(passed);
  }
  pipeline.head().in.resize(std::exchange(filled, 0));
  pipeline.submit();
}

// Everything put so far is in the sink.
void ArchiveWriter::Impl::flush() {
  if (filled > 0) submit();
  while (!pipeline.empty()) {
    if (stop.stop_requested()) throw CancelledError("write archive");
    append_oldest();
  }
}

void ArchiveWriter::Impl::append_oldest() {
  const Block& block = pipeline.oldest();
  appended.update(block.out);
  append(block.out, block.in.size());
  pipeline.release();
}

void ArchiveWriter::Impl::append(std::span<const std::byte> member, std::size_t inflated) {
  to_sink(member);
  const MemberSize size{static_cast<std::uint32_t>(member.size()),
                        static_cast<std::uint32_t>(inflated)};
  codec.add_to_index(size, index);
  if (entries) entries->add(size);
  ++summary.members;
}

void ArchiveWriter::Impl::to_sink(std::span<const std::byte> bytes) {
  sink.append(bytes);
  stored_bytes += bytes.size();
  // Members of either format are longer, or a seek table follows that is.
  if (bytes.size() >= tail.size()) {
    std::memcpy(tail.data(), bytes.last(tail.size()).data(), tail.size());
  }
}

void ArchiveWriter::Impl::finish_entries() {
  if (!entries) return;
  entries->finish({summary.entries, summary.members, tar_bytes, stored_bytes, tail});
  summary.index_problem = entries->problem();
}

void ArchiveWriter::Impl::compress(Block& block) {
  auto compressor = compressors.take();
  compressor->compress(block.in, block.out);
  compressors.give_back(std::move(compressor));
}

ArchiveWriter::ArchiveWriter(ByteSink& sink, async::WorkerPool& workers, WriterOptions options,
                             std::stop_token stop)
    : impl_(std::make_unique<Impl>(sink, workers, options, std::move(stop))) {}

ArchiveWriter::~ArchiveWriter() = default;

void ArchiveWriter::begin(const Entry& entry) {
  impl_->expect(Impl::State::between, "begin");
  const EncodedHeader header = encode_header(entry);
  if (impl_->entries) impl_->entries->add(entry, impl_->tar_bytes);
  impl_->put(bytes_of(header.bytes));
  impl_->content_left = header.content;
  impl_->state = Impl::State::file;
  ++impl_->summary.entries;
}

void ArchiveWriter::write(std::span<const std::byte> bytes) {
  if (impl_->state == Impl::State::stream) {
    impl_->stream_size += bytes.size();
  } else {
    impl_->expect(Impl::State::file, "write");
    if (bytes.size() > impl_->content_left) misuse("more content than the entry's size");
    impl_->content_left -= bytes.size();
  }
  impl_->put(bytes);
  impl_->content_bytes += bytes.size();
}

std::uint64_t ArchiveWriter::end() {
  impl_->expect(Impl::State::file, "end");
  const std::uint64_t missing = std::exchange(impl_->content_left, 0);
  impl_->put(nullptr, missing);
  impl_->content_bytes += missing;
  impl_->pad();
  impl_->state = Impl::State::between;
  return missing;
}

void ArchiveWriter::begin_stream(const Entry& entry) {
  impl_->expect(Impl::State::between, "begin_stream");
  impl_->stream = entry;
  impl_->stream_size = 0;
  const std::string header = encode_stream_header(entry, 0);
  if (header.size() > kMaxStoredBlock) {
    throw CompressionError({"archive", entry.path,
                            "its extended attributes are larger than 60 KiB together",
                            "a stream can't have that many"});
  }
  impl_->flush();
  const Buffer member = impl_->codec.store(bytes_of(header));
  impl_->stream_offset = impl_->stored_bytes;
  impl_->sink.hold(member.size());
  impl_->append(member, header.size());
  impl_->stream_header = impl_->tar_bytes;
  impl_->tar_bytes += header.size();
  impl_->state = Impl::State::stream;
  ++impl_->summary.entries;
}

void ArchiveWriter::end_stream() {
  impl_->expect(Impl::State::stream, "end_stream");
  impl_->pad();
  const std::string header = encode_stream_header(impl_->stream, impl_->stream_size);
  const Buffer member = impl_->codec.store(bytes_of(header));
  impl_->sink.rewrite(impl_->stream_offset, member);
  impl_->summary.rewritten.push_back({impl_->stream_offset, {member.begin(), member.end()}});
  if (impl_->entries) {
    impl_->stream.size = impl_->stream_size;
    impl_->entries->add(impl_->stream, impl_->stream_header);
  }
  impl_->state = Impl::State::between;
}

WriteSummary ArchiveWriter::finish() {
  impl_->expect(Impl::State::between, "finish");
  impl_->put(nullptr, 2 * kTarBlock);
  impl_->flush();
  impl_->codec.finish_index(impl_->index);
  if (!impl_->index.empty()) {
    impl_->appended.update(impl_->index);
    impl_->to_sink(impl_->index);
  }
  impl_->finish_entries();
  impl_->state = Impl::State::finished;
  WriteSummary& summary = impl_->summary;
  summary.content_bytes = impl_->content_bytes;
  summary.tar_bytes = impl_->tar_bytes;
  summary.stored_bytes = impl_->stored_bytes;
  summary.appended = impl_->appended.finish();
  return std::move(summary);
}

std::uint64_t ArchiveWriter::content_bytes() const noexcept { return impl_->content_bytes; }
std::uint64_t ArchiveWriter::stored_bytes() const noexcept { return impl_->stored_bytes; }

}  // namespace snapshotter::archive
