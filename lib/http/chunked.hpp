// Inside lib/http only: the chunked transfer coding of RFC 9112, 7.1; pure.
//
// Only what stands around the data goes through here, so that data can be read right to where it
// is wanted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace snapshotter::http {

class ChunkDecoder {
 public:
  enum class Verdict { good, malformed, too_large };

  // `limit`: bytes of one chunk's header with its extensions, and of all trailers.
  explicit ChunkDecoder(std::size_t limit) : limit_(limit) {}

  // Takes what stands before the next data, and returns how many bytes that was; all of them when
  // they were too few. Trailers are checked for length and dropped.
  std::size_t take(std::span<const std::byte> bytes);
  [[nodiscard]] Verdict verdict() const noexcept { return verdict_; }
  // Bytes of data that come next; 0: take() more, unless done().
  [[nodiscard]] std::uint64_t data() const noexcept { return data_; }
  void took_data(std::uint64_t bytes) noexcept { data_ -= bytes; }
  [[nodiscard]] bool done() const noexcept { return state_ == State::done; }

 private:
  enum class State {
    first_digit,
    digits,
    extension,
    header_lf,
    data_cr,
    data_lf,
    line_start,
    trailer,
    trailer_lf,
    end_lf,
    done
  };
  void step(char c);
  void digit(char c);
  void header_end();
  void expect(char c, char wanted, State next);

  const std::size_t limit_;
  std::size_t framing_ = 0;
  State state_ = State::first_digit;
  Verdict verdict_ = Verdict::good;
  std::uint64_t size_ = 0;
  std::uint64_t data_ = 0;
};

}  // namespace snapshotter::http
