// Reading ahead of the consumer: the compressed file is read in order by the calling thread, one
// member a read, inflated by the workers, and handed out in order.
#include "archive/block_pipeline.hpp"
#include "archive/codec.hpp"
#include "archive/inflated_stream.hpp"

#include <algorithm>
#include <array>

namespace snapshotter::archive {
namespace {

class ParallelStream final : public InflatedStream {
 public:
  ParallelStream(StoredBytes& in, const Codec& codec, std::unique_ptr<MemberIndex> index,
                 async::WorkerPool& workers)
      : in_(in),
        index_(std::move(index)),
        inflaters_([&codec] { return codec.inflater(); }),
        start_(index_->lookahead()),
        pipeline_(workers, [this](Block& block) { inflate(block, inflaters_); }) {
    start_.resize(in_.read_some(start_));
  }

  std::span<const std::byte> next() override {
    if (std::exchange(taken_, false)) pipeline_.release();
    in_.check_stop();
    while (!ended_ && !pipeline_.full()) read_member();
    if (pipeline_.empty()) return {};
    const Block& block = pipeline_.oldest();
    taken_ = true;
    member_ = block.size;
    return block.out;
  }

  [[nodiscard]] std::optional<MemberSize> member() const override { return member_; }

 private:
  // With the member, the first bytes of the next one: so each read is a whole member long.
  void read_member() {
    const std::uint64_t offset = in_.offset() - start_.size();
    const auto size = index_->next(offset, start_);
    if (!size) return read_tail();
    Block& block = pipeline_.head();
    block.offset = offset;
    block.size = *size;
    if (size->stored > in_.size() - offset) throw_corrupt(offset, "a member that is cut off");
    const auto following = static_cast<std::size_t>(
        std::min<std::uint64_t>(index_->lookahead(), in_.size() - offset - size->stored));
    block.in.resize(size->stored + following);
    std::copy(start_.begin(), start_.end(), block.in.begin());
    in_.read(std::span(block.in).subspan(start_.size()));
    start_.assign(block.in.begin() + size->stored, block.in.end());
    block.in.resize(size->stored);
    pipeline_.submit();
  }

  // The index, which find_members() has looked at already: only those who watch need to see it.
  void read_tail() {
    ended_ = true;
    Buffer rest(64U << 10U);
    while (in_.read_some(rest) > 0) {
    }
  }

  StoredBytes& in_;
  std::unique_ptr<MemberIndex> index_;
  Spares<Inflater> inflaters_;
  Buffer start_;
  std::optional<MemberSize> member_;
  bool taken_ = false;
  bool ended_ = false;
  BlockPipeline pipeline_;  // last: its destructor waits for inflate()
};

}  // namespace

std::unique_ptr<InflatedStream> parallel_stream(StoredBytes& in, const Codec& codec,
                                                std::unique_ptr<MemberIndex> index,
                                                async::WorkerPool& workers) {
  return std::make_unique<ParallelStream>(in, codec, std::move(index), workers);
}

std::unique_ptr<InflatedStream> open_stream(StoredBytes& in, Format format,
                                            async::WorkerPool& workers) {
  const Codec& codec = codec_of(format);
  if (auto index = codec.find_members(in)) {
    return parallel_stream(in, codec, std::move(index), workers);
  }
  return sequential_stream(in, format);
}

Format format_of(const StoredBytes& in) {
  std::array<std::byte, 4> first;
  const std::size_t count = in.peek(0, first);
  const auto format = detect_format({reinterpret_cast<const char*>(first.data()), count});
  if (!format) throw_corrupt(0, "neither gzip nor zstd");
  return *format;
}

}  // namespace snapshotter::archive
