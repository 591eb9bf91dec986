#include "platform/random.hpp"
#include "support/catch.hpp"
#include "target/postgresql/frame_parser.hpp"

#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

using namespace snapshotter;
using namespace snapshotter::target::postgresql;

namespace {

using Piece = std::pair<FrameStream, std::string>;

std::string frame(unsigned stream, const std::string& payload) {
  std::string bytes{static_cast<char>(stream), 0, 0, 0};
  for (const unsigned shift : {24U, 16U, 8U, 0U})
    bytes += static_cast<char>(payload.size() >> shift & 0xffU);
  return bytes + payload;
}

// What comes out, neighbours of one stream joined: where it was cut must not matter.
struct Collector {
  FrameParser parser;
  std::vector<Piece> pieces;

  void feed(std::string_view bytes) {
    parser.feed(std::as_bytes(std::span(bytes)), [&](FrameStream stream,
                                                     std::span<const std::byte> payload) {
      REQUIRE_FALSE(payload.empty());
      const std::string text(reinterpret_cast<const char*>(payload.data()), payload.size());
      if (!pieces.empty() && pieces.back().first == stream)
        pieces.back().second += text;
      else
        pieces.emplace_back(stream, text);
    });
  }
};

}  // namespace

TEST_CASE("frames are taken apart") {
  struct Row {
    std::string bytes;
    std::vector<Piece> expected;
    bool between;
  };
  const std::string long_text(70'000, 'x');
  const std::vector<Row> rows{
      {"", {}, true},
      {frame(1, "out"), {{FrameStream::output, "out"}}, true},
      {frame(2, "err"), {{FrameStream::errors, "err"}}, true},
      {frame(0, "in"), {{FrameStream::input, "in"}}, true},
      {frame(3, "oh"), {{FrameStream::engine_errors, "oh"}}, true},
      {frame(1, "") + frame(2, "") + frame(1, "a"), {{FrameStream::output, "a"}}, true},
      {frame(1, "a") + frame(2, "b") + frame(1, "c"),
       {{FrameStream::output, "a"}, {FrameStream::errors, "b"}, {FrameStream::output, "c"}},
       true},
      {frame(1, long_text), {{FrameStream::output, long_text}}, true},
      {frame(1, "cut").substr(0, 3), {}, false},
      {frame(1, "cut").substr(0, 8), {}, false},
      {frame(1, "cut").substr(0, 10), {{FrameStream::output, "cu"}}, false},
      {frame(1, "a") + frame(1, "b").substr(0, 7), {{FrameStream::output, "a"}}, false},
      {std::string("\x01\0\0\0\xff\xff\xff\xffxyz", 11), {{FrameStream::output, "xyz"}}, false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.bytes.size(), row.bytes.substr(0, 40));
    Collector whole;
    whole.feed(row.bytes);
    CHECK(whole.pieces == row.expected);
    CHECK(whole.parser.between_frames() == row.between);

    Collector bytewise;
    for (const char byte : row.bytes) bytewise.feed(std::string(1, byte));
    CHECK(bytewise.pieces == row.expected);
    CHECK(bytewise.parser.between_frames() == row.between);
  }
}

TEST_CASE("what is not made of frames is refused") {
  for (const auto& bytes : std::vector<std::string>{
           "-- PostgreSQL database dump", std::string("\x04\0\0\0\0\0\0\x01x", 9),
           std::string("\x01\x01\0\0\0\0\0\x01x", 9), std::string("\x01\0\x01\0\0\0\0\x01x", 9),
           std::string("\x01\0\0\x01\0\0\0\x01x", 9)}) {
    CAPTURE(bytes);
    Collector collector;
    CHECK_THROWS_AS(collector.feed(bytes), FrameError);
    CHECK(collector.pieces.empty());
  }
}

TEST_CASE("frames may be cut anywhere") {
  const auto seed = platform::system_random()->next();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 200; ++round) {
    std::string bytes;
    std::vector<Piece> expected;
    const auto frames = random() % 12;
    for (std::uint64_t i = 0; i < frames; ++i) {
      const auto stream = static_cast<unsigned>(random() % 4);
      std::string payload(random() % 600, '\0');
      for (auto& byte : payload) byte = static_cast<char>(random());
      bytes += frame(stream, payload);
      if (payload.empty()) continue;
      if (!expected.empty() && expected.back().first == static_cast<FrameStream>(stream))
        expected.back().second += payload;
      else
        expected.emplace_back(static_cast<FrameStream>(stream), payload);
    }
    Collector collector;
    for (std::string_view rest = bytes; !rest.empty();) {
      const auto size = std::min<std::size_t>(1 + random() % 300, rest.size());
      collector.feed(rest.substr(0, size));
      rest.remove_prefix(size);
    }
    REQUIRE(collector.pieces == expected);
    REQUIRE(collector.parser.between_frames());
  }
}
