#include "archive/partial_stream.hpp"

#include "archive/block_pipeline.hpp"
#include "archive/tar_block.hpp"
#include "base/error.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace snapshotter::archive {
namespace {

[[noreturn]] void foreign_index() {
  throw CorruptArchiveError({"use index", "", "it is the index of another archive",
                             "the archive can be read without it"});
}

// Opens a range at each picked entry that does not follow another one, and closes it at the next
// entry that is not picked.
class Ranges {
 public:
  explicit Ranges(std::vector<ReadingPlan::Range>& ranges) : ranges_(ranges) {}

  void entry(std::uint64_t header, bool picked) {
    if (picked == open_) return;
    if (picked) {
      ranges_.push_back({header, 0});
    } else {
      ranges_.back().end = header;
    }
    open_ = picked;
  }
  // The last entry ends where the end-of-archive mark begins, which nothing needs.
  void finish(std::uint64_t tar_bytes) {
    if (open_) ranges_.back().end = tar_bytes - 2 * kTarBlock;
  }

 private:
  std::vector<ReadingPlan::Range>& ranges_;
  bool open_ = false;
};

std::vector<ReadingPlan::Member> members_of(const std::vector<MemberSize>& all,
                                            const std::vector<ReadingPlan::Range>& ranges) {
  std::vector<ReadingPlan::Member> needed;
  ReadingPlan::Member member;
  auto range = ranges.begin();
  for (const MemberSize& size : all) {
    member.size = size;
    const std::uint64_t end = member.begin + size.inflated;
    while (range != ranges.end() && range->end <= member.begin) ++range;
    if (range == ranges.end()) break;
    if (range->begin < end) needed.push_back(member);
    member.offset += size.stored;
    member.begin = end;
  }
  return needed;
}

bool ends_with(const ByteSource& archive, const IndexEnd& end) {
  std::array<std::byte, IndexEnd::kTail> tail;
  return archive.size() == end.archive_bytes && end.archive_bytes >= tail.size() &&
         archive.read_at(end.archive_bytes - tail.size(), tail) == tail.size() && tail == end.tail;
}

constexpr std::array<std::byte, 2 * kTarBlock> kEndOfArchive{};

class PartialStream final : public InflatedStream {
 public:
  PartialStream(const ByteSource& archive, const ReadingPlan& plan, async::WorkerPool& workers,
                std::stop_token stop)
      : in_(archive, std::move(stop)),
        codec_(codec_of(format_of(in_))),
        inflaters_([this] { return codec_.inflater(); }),
        ranges_(plan.ranges),
        members_(plan.members),
        pipeline_(workers, [this](Block& block) { inflate(block, inflaters_); }) {}

  std::span<const std::byte> next() override {
    in_.check_stop();
    for (; !ranges_.empty(); ranges_ = ranges_.subspan(1)) {
      const auto& range = ranges_.front();
      position_ = std::max(position_, range.begin);
      if (position_ == range.end) continue;
      const Block& block = block_at(position_);
      const auto from = static_cast<std::size_t>(position_ - members_[current_].begin);
      const auto piece = std::span(block.out).subspan(from);
      const auto length =
          static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), range.end - position_));
      position_ += length;
      return piece.first(length);
    }
    return std::exchange(mark_, {});
  }

 private:
  // The member with that place of the tar stream, inflated; those before it are not needed any
  // more.
  const Block& block_at(std::uint64_t position) {
    for (;; ++current_) {
      while (next_ < members_.size() && !pipeline_.full()) read_member();
      if (pipeline_.empty()) throw_corrupt(in_.size(), "the end of the archive before an entry's");
      const Block& block = pipeline_.oldest();
      if (position < members_[current_].begin + block.size.inflated) return block;
      pipeline_.release();
    }
  }

  void read_member() {
    const auto& member = members_[next_++];
    Block& block = pipeline_.head();
    block.offset = member.offset;
    block.size = member.size;
    block.in.resize(block.size.stored);
    if (in_.peek(block.offset, block.in) != block.in.size()) {
      throw_corrupt(block.offset, "a member that is cut off");
    }
    pipeline_.submit();
  }

  StoredBytes in_;
  const Codec& codec_;
  Spares<Inflater> inflaters_;
  std::span<const ReadingPlan::Range> ranges_;  // still to come
  std::span<const ReadingPlan::Member> members_;
  std::size_t next_ = 0;        // to be read
  std::size_t current_ = 0;     // the oldest in the pipeline
  std::uint64_t position_ = 0;  // in the tar stream, of the next piece
  std::span<const std::byte> mark_ = kEndOfArchive;
  BlockPipeline pipeline_;  // last: its destructor waits for inflate()
};

}  // namespace

ReadingPlan plan_reading(const ByteSource& index, const std::optional<crypto::Digest>& expected,
                         const ByteSource& archive, const Pick& pick) {
  ReadingPlan plan;
  Ranges ranges(plan.ranges);
  std::vector<MemberSize> members;
  IndexReader reader(index);
  for (auto record = reader.next(); record != IndexReader::Record::end; record = reader.next()) {
    if (record == IndexReader::Record::member) {
      members.push_back(reader.member());
      continue;
    }
    const bool picked = pick(reader.entry());
    plan.picked.push_back(picked);
    if (picked) ++plan.entries;
    ranges.entry(reader.entry().header, picked);
  }
  ranges.finish(reader.end().tar_bytes);
  if ((expected && reader.digest() != *expected) || !ends_with(archive, reader.end())) {
    foreign_index();
  }
  plan.members = members_of(members, plan.ranges);
  return plan;
}

std::unique_ptr<InflatedStream> partial_stream(const ByteSource& archive, const ReadingPlan& plan,
                                               async::WorkerPool& workers, std::stop_token stop) {
  return std::make_unique<PartialStream>(archive, plan, workers, std::move(stop));
}

const IndexEntry* PickedEntries::next() {
  while (found_ < plan_.entries) {
    if (reader_.next() != IndexReader::Record::entry || !plan_.picked[entry_++]) continue;
    ++found_;
    return &reader_.entry();
  }
  return nullptr;
}

}  // namespace snapshotter::archive
