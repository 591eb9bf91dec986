// Whatever happens to a byte of an archive, somebody is told.
#include "archive/codec.hpp"
#include "archive_support.hpp"

#include <cstring>

namespace snapshotter::archive::test {
namespace {

// Small, but with several members, a stream and an index.
Archived small_archive(Format format) {
  return archive_of(
      {file("a", "some text"), stream("s", wordy(700)), directory("d"), file("d/b", noise(600))},
      {format, {}});
}

bool verifies(const std::string& bytes, const WriteSummary& written) {
  async::WorkerPool pool("test", 0);
  try {
    (void)verify_written(MemorySource(bytes), written, pool, {});
    return true;
  } catch (const CorruptArchiveError&) {
    return false;
  }
}

// The offsets at which members begin, and the end of the last.
std::vector<std::size_t> members_of(const std::string& bytes, Format format) {
  const MemorySource source(bytes);
  const StoredBytes in(source, {});
  const auto index = codec_of(format).find_members(in);
  REQUIRE(index);
  std::vector<std::size_t> offsets{0};
  for (;;) {
    const auto rest = as_bytes(bytes).subspan(offsets.back());
    const auto size =
        index->next(offsets.back(), rest.first(std::min<std::size_t>(24, rest.size())));
    if (!size) return offsets;
    offsets.push_back(offsets.back() + size->stored);
  }
}

void check_refused_by_all(const std::string& bytes) {
  async::WorkerPool pool("test", 2);
  CHECK_THROWS_AS(verify(MemorySource(bytes), pool, {}), CorruptArchiveError);
  CHECK_THROWS_AS(read_all(bytes, 2), CorruptArchiveError);
}

}  // namespace

TEST_CASE("a flipped bit anywhere is found by verify_written") {
  for (const Format format : {Format::tar_gz, Format::tar_zst}) {
    const auto archived = small_archive(format);
    REQUIRE(verifies(archived.bytes, archived.written));
    std::string bytes = archived.bytes;
    for (std::size_t at = 0; at < bytes.size(); ++at) {
      for (const char mask : {'\x01', '\x20', '\x80', '\xff'}) {
        bytes[at] = static_cast<char>(bytes[at] ^ mask);
        INFO(name(format) << " byte " << at);
        CHECK_FALSE(verifies(bytes, archived.written));
        bytes[at] = archived.bytes[at];
      }
    }
  }
}

TEST_CASE("flipped bits are found without the summary but where nothing depends on them") {
  for (const Format format : {Format::tar_gz, Format::tar_zst}) {
    const auto archived = small_archive(format);
    std::string bytes = archived.bytes;
    async::WorkerPool pool("test", 0);
    std::size_t unnoticed = 0;
    for (std::size_t at = 0; at < bytes.size(); ++at) {
      bytes[at] = static_cast<char>(bytes[at] ^ 0xff);
      try {
        (void)verify(MemorySource(bytes), pool, {});
        ++unnoticed;
      } catch (const CorruptArchiveError&) {
      }
      bytes[at] = archived.bytes[at];
    }
    // gzip: the first member's header may still be a gzip header, then of another program. zstd: a
    // stream's header has no checksum in its frame, and without its last four bytes the seek table
    // is a frame that everybody skips.
    INFO(name(format) << ": " << unnoticed << " of " << bytes.size());
    CHECK(unnoticed < (format == Format::tar_gz ? 20U : 700U));
  }
}

TEST_CASE("an archive cut off at any length is found") {
  for (const Format format : {Format::tar_gz, Format::tar_zst}) {
    const auto archived = small_archive(format);
    async::WorkerPool pool("test", 0);
    for (std::size_t length = 0; length < archived.bytes.size(); ++length) {
      INFO(name(format) << " cut to " << length);
      const std::string cut = archived.bytes.substr(0, length);
      CHECK_FALSE(verifies(cut, archived.written));
      // What is lost with the seek table of zstd is only the parallel reading.
      const auto members = members_of(archived.bytes, format);
      if (length == members.back()) continue;
      CHECK_THROWS_AS(verify(MemorySource(cut), pool, {}), CorruptArchiveError);
      CHECK_THROWS_AS(read_all(cut), CorruptArchiveError);
    }
  }
}

TEST_CASE("a missing doubled or swapped member is found") {
  const std::string content = wordy(7'000'000);
  for (const Format format : {Format::tar_gz, Format::tar_zst}) {
    const auto archived = archive_of({file("a", content), file("b", content)}, {format, {}}, 2);
    const auto at = members_of(archived.bytes, format);
    REQUIRE(at.size() > 5);
    for (std::size_t i = 0; i + 1 < at.size(); ++i) {
      const std::string member = archived.bytes.substr(at[i], at[i + 1] - at[i]);
      std::string missing = archived.bytes;
      missing.erase(at[i], member.size());
      CHECK_FALSE(verifies(missing, archived.written));
      check_refused_by_all(missing);
      std::string doubled = archived.bytes;
      doubled.insert(at[i], member);
      CHECK_FALSE(verifies(doubled, archived.written));
      check_refused_by_all(doubled);
    }
    std::string swapped =
        archived.bytes.substr(at[2], at[3] - at[2]) + archived.bytes.substr(at[1], at[2] - at[1]);
    swapped = archived.bytes.substr(0, at[1]) + swapped + archived.bytes.substr(at[3]);
    CHECK_FALSE(verifies(swapped, archived.written));
  }
}

TEST_CASE("anything behind the end is found") {
  for (const Format format : {Format::tar_gz, Format::tar_zst}) {
    const auto archived = small_archive(format);
    for (const std::string& tail :
         {std::string("x"), std::string(1, '\0'), std::string(2000, '\0'), archived.bytes}) {
      CHECK_FALSE(verifies(archived.bytes + tail, archived.written));
      if (format == Format::tar_gz) check_refused_by_all(archived.bytes + tail);
    }
  }
}

TEST_CASE("an archive of other content than was written is found") {
  for (const Format format : {Format::tar_gz, Format::tar_zst}) {
    const auto archived = archive_of({file("a", "one")}, {format, {}});
    const auto other = archive_of({file("a", "two")}, {format, {}});
    CHECK_FALSE(verifies(other.bytes, archived.written));
    for (const auto change : {&WriteSummary::entries, &WriteSummary::content_bytes,
                              &WriteSummary::tar_bytes, &WriteSummary::stored_bytes}) {
      WriteSummary written = archived.written;
      ++(written.*change);
      CHECK_FALSE(verifies(archived.bytes, written));
    }
  }
}

TEST_CASE("a header that was not rewritten in the sink is found") {
  for (const Format format : {Format::tar_gz, Format::tar_zst}) {
    const auto archived = archive_of({stream("s", "content")}, {format, {}});
    const auto unwritten = archive_of({stream("s", "")}, {format, {}});
    const auto& range = archived.written.rewritten.at(0);
    std::string bytes = archived.bytes;
    bytes.replace(range.offset, range.bytes.size(),
                  unwritten.bytes.substr(range.offset, range.bytes.size()));
    CHECK_FALSE(verifies(bytes, archived.written));
  }
}

TEST_CASE("errors say where and what") {
  async::WorkerPool pool("test", 0);
  const auto archived = archive_of({file("a", wordy(3'000'000))});
  const auto at = members_of(archived.bytes, Format::tar_gz);
  std::string bytes = archived.bytes;
  bytes[at[2] - 5] ^= 1;
  const auto check_message = [&](const std::string& text) {
    try {
      (void)verify(MemorySource(bytes), pool, {});
      FAIL("not noticed");
    } catch (const CorruptArchiveError& error) {
      CHECK_THAT(error.what(), ContainsText(text));
      CHECK(error.kind() == ErrorKind::corrupt_archive);
    }
  };
  check_message("checksum does not match at byte " + std::to_string(at[1]));
  bytes = archived.bytes;
  bytes[at[1]] ^= 1;
  check_message("no valid header of a gzip member at byte " + std::to_string(at[1]));
  bytes = "not an archive";
  check_message("neither gzip nor zstd at byte 0");
  bytes = "";
  check_message("neither gzip nor zstd at byte 0");
}

TEST_CASE("a reader that throws in the middle leaves nothing running") {
  const auto archived =
      archive_of({file("a", noise(9'000'000))}, {Format::tar_gz, {Level::Name::fast}});
  for (const std::size_t workers : {0U, 1U, 4U}) {
    std::string bytes = archived.bytes;
    bytes[bytes.size() / 2] ^= 1;
    CHECK_THROWS_AS(read_all(bytes, workers), CorruptArchiveError);
  }
}

TEST_CASE("reading and verifying can be cancelled") {
  const auto archived = archive_of({file("a", noise(9'000'000))});
  async::WorkerPool pool("test", 2);
  const MemorySource source(archived.bytes);
  std::stop_source stop;
  std::uint64_t seen = 0;
  CHECK_THROWS_AS(verify_written(source, archived.written, pool, stop.get_token(),
                                 [&](std::uint64_t bytes) {
                                   seen = bytes;
                                   if (bytes > 3'000'000) stop.request_stop();
                                 }),
                  CancelledError);
  CHECK(seen < 6'000'000);
  CHECK_THROWS_AS(ArchiveReader(source, pool, stop.get_token()), CancelledError);
}

TEST_CASE("verifying reports how far it is") {
  const auto archived = archive_of({file("a", noise(5'000'000))});
  async::WorkerPool pool("test", 2);
  std::uint64_t last = 0;
  const auto summary = verify(MemorySource(archived.bytes), pool, {}, [&](std::uint64_t bytes) {
    CHECK(bytes > last);
    last = bytes;
  });
  CHECK(last == archived.bytes.size());
  CHECK(summary.stored_bytes == archived.bytes.size());
  CHECK(summary.format == Format::tar_gz);
}

}  // namespace snapshotter::archive::test
