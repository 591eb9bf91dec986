#include "http/chunked.hpp"

namespace snapshotter::http {
namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

}  // namespace

std::size_t ChunkDecoder::take(std::span<const std::byte> bytes) {
  std::size_t taken = 0;
  while (taken < bytes.size() && data_ == 0 && !done() && verdict_ == Verdict::good) {
    step(static_cast<char>(bytes[taken++]));
    if (++framing_ > limit_) verdict_ = Verdict::too_large;
  }
  return taken;
}

void ChunkDecoder::expect(char c, char wanted, State next) {
  if (c != wanted) verdict_ = Verdict::malformed;
  state_ = next;
}

void ChunkDecoder::digit(char c) {
  const int value = hex_value(c);
  if (value >= 0) {
    if (size_ >> 59U != 0) verdict_ = Verdict::malformed;  // no body has 2^63 bytes
    size_ = size_ * 16 + static_cast<unsigned>(value);
    state_ = State::digits;
  } else if (state_ == State::first_digit) {
    verdict_ = Verdict::malformed;
  } else if (c == ';' || c == ' ' || c == '\t') {  // some servers pad sizes with blanks
    state_ = State::extension;
  } else {
    expect(c, '\r', State::header_lf);
  }
}

void ChunkDecoder::header_end() {
  framing_ = 0;
  data_ = size_;
  state_ = size_ == 0 ? State::line_start : State::data_cr;
  size_ = 0;
}

void ChunkDecoder::step(char c) {
  switch (state_) {
    case State::first_digit:
    case State::digits:
      return digit(c);
    case State::extension:
      if (c == '\r') state_ = State::header_lf;
      if (c == '\n') verdict_ = Verdict::malformed;
      return;
    case State::header_lf:
      expect(c, '\n', state_);
      return header_end();
    case State::data_cr:
      return expect(c, '\r', State::data_lf);
    case State::data_lf:
      return expect(c, '\n', State::first_digit);
    case State::line_start:
      state_ = c == '\r' ? State::end_lf : State::trailer;
      return;
    case State::trailer:
      if (c == '\r') state_ = State::trailer_lf;
      return;
    case State::trailer_lf:
      return expect(c, '\n', State::line_start);
    case State::end_lf:
      return expect(c, '\n', State::done);
    case State::done:
      return;
  }
}

}  // namespace snapshotter::http
