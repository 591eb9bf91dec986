#include "target/prometheus/file_check.hpp"

#include "support/catch.hpp"
#include "support/prometheus_blocks.hpp"
#include "target/prometheus/crc32c.hpp"

#include <cstdio>
#include <random>

using namespace snapshotter::test;
using namespace snapshotter::target::prometheus;

namespace {

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

// One block of promtool's, small enough to try every byte of it.
const std::filesystem::path& block() {
  static const TempDir dir;
  static const auto path = dir.path() / make_blocks(dir.path(), 1, {4, 130}).front();
  return path;
}

struct Result {
  std::string damage;
  std::uint64_t count = 0;
};

template <class Check>
std::string fed(Check& check, const std::string& file, std::size_t piece) {
  for (std::size_t at = 0; at < file.size(); at += piece) {
    check.feed(bytes_of(file).subspan(at, std::min(piece, file.size() - at)));
  }
  check.finish();
  return check.damage() ? to_string(*check.damage()) : "";
}

// `size`: what the file was said to have.
Result chunks(const std::string& file, std::size_t piece = 1 << 20, std::uint64_t size = 0) {
  ChunksCheck check(size > 0 ? size : file.size());
  const std::string damage = fed(check, file, piece);
  return {damage, check.chunks()};
}

Result index(const std::string& file, std::size_t piece = 1 << 20) {
  const auto contents =
      bytes_of(file).last(std::min<std::size_t>(file.size(), IndexCheck::kContents));
  IndexCheck check(file.size(), contents);
  const std::string damage = fed(check, file, piece);
  return {damage, check.series()};
}

Result tombstones(const std::string& file, std::size_t piece = 1 << 20) {
  TombstonesCheck check(file.size());
  return {fed(check, file, piece), 0};
}

std::string with_checksum(std::string header, const std::string& content) {
  const std::uint32_t crc = crc32c(0, bytes_of(content));
  header += content;
  for (int shift = 24; shift >= 0; shift -= 8) header += static_cast<char>(crc >> shift);
  return header;
}

std::string chunk_header() { return {"\x85\xBD\x40\xDD\1\0\0\0", 8}; }
std::string tombstones_header() { return {"\x01\x30\xBA\x30\1", 5}; }

// Every bit of every byte, or of some: a damage that nobody sees is a backup that nobody can use.
template <class Check>
void every_flip_is_seen(const std::string& file, std::uint64_t count, Check check) {
  for (std::size_t at = 0; at < file.size(); ++at) {
    std::string damaged = file;
    damaged[at] = static_cast<char>(damaged[at] ^ (1U << (at % 8)));
    const Result result = check(damaged, std::size_t{1} << 20U, at);
    CAPTURE(at);
    REQUIRE((!result.damage.empty() || result.count != count));
  }
}

}  // namespace

TEST_CASE("a block of promtool's is found right, in pieces of any size") {
  for (const std::size_t piece : {1U, 2U, 3U, 7U, 64U, 4096U, 1U << 20U}) {
    CAPTURE(piece);
    const Result chunk = chunks(read_file(block() / "chunks" / "000001"), piece);
    CHECK(chunk.damage == "");
    CHECK(chunk.count == 8);
    const Result entry = index(read_file(block() / "index"), piece);
    CHECK(entry.damage == "");
    CHECK(entry.count == 4);
    CHECK(tombstones(read_file(block() / "tombstones"), piece).damage == "");
  }
}

TEST_CASE("any byte of chunks that is not what it was is seen") {
  const std::string file = read_file(block() / "chunks" / "000001");
  every_flip_is_seen(file, 8, [](const std::string& damaged, std::size_t piece, std::size_t at) {
    Result result = chunks(damaged, piece);
    CHECK(result.damage != "");
    CHECK_THAT(result.damage, ContainsText("is damaged at byte "));
    if (at == 4) CHECK_THAT(result.damage, ContainsText("byte 4: it is not of version 1"));
    return result;
  });
}

TEST_CASE("any byte of an index that is not what it was is seen") {
  const std::string file = read_file(block() / "index");
  every_flip_is_seen(file, 4, [](const std::string& damaged, std::size_t piece, std::size_t) {
    Result result = index(damaged, piece);
    CHECK(result.damage != "");
    return result;
  });
}

TEST_CASE("any byte of tombstones that is not what it was is seen") {
  const std::string file = with_checksum(tombstones_header(), std::string("\1\x80\x80\2\x80\2", 6));
  REQUIRE(tombstones(file).damage == "");
  every_flip_is_seen(file, 0, [](const std::string& damaged, std::size_t piece, std::size_t) {
    return tombstones(damaged, piece);
  });
}

TEST_CASE("a file that was cut at any place is seen") {
  const std::string file = read_file(block() / "chunks" / "000001");
  std::uint64_t whole = 0;  // a cut between two chunks shows in their number only
  for (std::size_t length = 0; length < file.size(); ++length) {
    const Result cut = chunks(file.substr(0, length));
    CAPTURE(length);
    REQUIRE((cut.damage != "" || cut.count < 8));
    if (cut.damage.empty()) ++whole;
    REQUIRE_THAT(chunks(file.substr(0, length), 1 << 20, file.size()).damage,
                 ContainsText("it ends"));
  }
  CHECK(whole == 8);
  const std::string entries = read_file(block() / "index");
  for (std::size_t length = 0; length < entries.size(); ++length) {
    CAPTURE(length);
    REQUIRE(index(entries.substr(0, length)).damage != "");
  }
  const std::string deletions = read_file(block() / "tombstones");
  for (std::size_t length = 0; length < deletions.size(); ++length) {
    REQUIRE(tombstones(deletions.substr(0, length)).damage != "");
  }
}

TEST_CASE("damage is told with its place and its kind") {
  const std::string good = with_checksum(chunk_header() + '\2', "\1ab");
  CHECK(chunks(good).damage == "");
  CHECK(chunks(good).count == 1);
  CHECK(chunks(good + "\x80").damage == "is damaged at byte 16: it ends in the middle");
  CHECK(chunks(good + "\2\1abCRCC").damage ==
        "is damaged at byte 16: the checksum of a chunk is wrong");
  CHECK(chunks(good + "\3\1abCRCC").damage ==
        "is damaged at byte 16: the length of a chunk is wrong");
  CHECK(chunks(good + std::string(9, '\xFF')).damage ==
        "is damaged at byte 16: the length of a chunk is wrong");
  CHECK(chunks("PK\3\4abcd").damage ==
        "is damaged at byte 0: it does not begin as a file of chunks does");
  CHECK(index("short").damage == "is damaged at byte 5: it is too short for an index");
  CHECK(tombstones(std::string(9, '\0')).damage ==
        "is damaged at byte 0: it does not begin as tombstones do");
}

TEST_CASE("no mutation of a file makes its check do anything but look") {
  const auto seed = std::random_device{}();
  std::printf("seed of the mutated files: %u\n", seed);
  CAPTURE(seed);
  std::minstd_rand random(seed);
  const std::string entries = read_file(block() / "index");
  const std::string segment = read_file(block() / "chunks" / "000001");
  for (int round = 0; round < 3000; ++round) {
    std::string mutated = round % 2 == 0 ? entries : segment;
    for (unsigned i = random() % 8 + 1; i > 0; --i) {
      mutated[random() % mutated.size()] = static_cast<char>(random());
    }
    if (round % 3 == 0) mutated.erase(mutated.size() / 2 + random() % (mutated.size() / 2));
    // A table of contents that is right in itself and points anywhere.
    if (mutated.size() > 60 && random() % 2 == 0) {
      const std::size_t table = mutated.size() - IndexCheck::kContents;
      mutated = with_checksum(mutated.substr(0, table), mutated.substr(table, 48));
    }
    const std::size_t piece = random() % 500 + 1;
    index(mutated, piece);
    chunks(mutated, piece);
    tombstones(mutated, piece);
  }
}

TEST_CASE("a table of contents that points out of the file is seen") {
  std::string file = read_file(block() / "index");
  const std::size_t table = file.size() - IndexCheck::kContents;
  for (const char high : {'\x7F', '\xFF'}) {
    std::string contents = file.substr(table, 48);
    contents[8] = high;
    const auto damage = index(with_checksum(file.substr(0, table), contents)).damage;
    CHECK(damage == "is damaged at byte " + std::to_string(table + 8) +
                        ": its table of contents points out of it");
  }
}
