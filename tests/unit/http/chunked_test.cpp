#include "http/chunked.hpp"

#include "support/catch.hpp"

#include <span>
#include <string>

using snapshotter::http::ChunkDecoder;
using Verdict = ChunkDecoder::Verdict;

namespace {

struct Decoded {
  std::string data;
  std::string rest;  // behind the end
  Verdict verdict = Verdict::good;
  bool done = false;
};

// As bytes that come `piece` at a time.
Decoded decode(const std::string& text, std::size_t piece, std::size_t limit = 100) {
  ChunkDecoder decoder(limit);
  Decoded result;
  std::size_t at = 0;
  while (at < text.size() && decoder.verdict() == Verdict::good && !decoder.done()) {
    const std::string next = text.substr(at, piece);
    if (decoder.data() != 0) {
      const auto bytes = std::min<std::size_t>(decoder.data(), next.size());
      result.data += next.substr(0, bytes);
      decoder.took_data(bytes);
      at += bytes;
    } else {
      at += decoder.take(std::as_bytes(std::span(next)));
    }
  }
  result.rest = text.substr(at);
  result.verdict = decoder.verdict();
  result.done = decoder.done();
  return result;
}

}  // namespace

TEST_CASE("chunks are put together, however they are cut") {
  const std::string text =
      "4\r\nWiki\r\n06\r\npedia \r\nB;name=value;x\r\nin \r\nchunks\r\n0\r\nA: b\r\nC: "
      "d\r\n\r\nrest";
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    CAPTURE(piece);
    const auto decoded = decode(text, piece);
    CHECK(decoded.data == "Wikipedia in \r\nchunks");
    CHECK(decoded.done);
    CHECK(decoded.rest == "rest");
  }
}

TEST_CASE("an empty chunked body") {
  CHECK(decode("0\r\n\r\n", 1).done);
  CHECK(decode("000;x\r\n\r\n", 9).done);
}

TEST_CASE("a body that breaks off is not done") {
  const std::string text = "4\r\nWiki\r\n0\r\nA: b\r\n\r\n";
  for (std::size_t length = 0; length < text.size(); ++length) {
    CHECK(!decode(text.substr(0, length), 3).done);
  }
}

TEST_CASE("bad chunking") {
  for (const auto* text : {"\r\n", "x\r\n", " 4\r\n", "-4\r\n", "+4\r\n", "0x4\r\n", "4\n", "4\rx",
                           "4;x\n", "4\r\nWikix", "4\r\nWiki\rx", "4\r\nWiki4\r\n", "0\r\n\rx",
                           "0\r\nA: b\rx", "10000000000000000\r\n", "ffffffffffffffffff\r\n"}) {
    CAPTURE(text);
    CHECK(decode(text, 100).verdict == Verdict::malformed);
    CHECK(decode(text, 1).verdict == Verdict::malformed);
  }
  ChunkDecoder largest(100);
  const std::string size = "7fffffffffffffff\r\n";
  largest.take(std::as_bytes(std::span(size)));
  CHECK(largest.data() == 0x7fffffffffffffffU);
}

TEST_CASE("framing has a limit for each chunk, and for all trailers") {
  CHECK(decode("1;" + std::string(200, 'x'), 7).verdict == Verdict::too_large);
  CHECK(decode(std::string(200, '0') + "1\r\n", 7).verdict == Verdict::too_large);
  std::string trailers = "0\r\n";
  for (int i = 0; i < 50; ++i) trailers += "A: b\r\n";
  CHECK(decode(trailers, 7).verdict == Verdict::too_large);
  std::string many;
  for (int i = 0; i < 500; ++i) many += "1\r\nx\r\n";
  CHECK(decode(many + "0\r\n\r\n", 7).done);
}
