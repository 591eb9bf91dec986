// The container engine's way of putting two streams into one. Pure.
//
// What a program without a terminal writes comes as frames: one byte for the stream, three zeros,
// the length of the payload (32 bits, big endian), the payload (Docker Engine API, "Attach to a
// container: stream format"; podman does the same). Docker reserves stream 3 for errors of its own.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <stdexcept>

namespace snapshotter::target::postgresql {

enum class FrameStream : std::uint8_t { input = 0, output = 1, errors = 2, engine_errors = 3 };

// What came is no such stream, as from a program that was given a terminal.
class FrameError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Takes the bytes as they come, cut anywhere; keeps none of the payload, however long a frame is.
class FrameParser {
 public:
  // Pieces of payload in their order; never empty; a long frame comes in several.
  using Sink = std::function<void(FrameStream stream, std::span<const std::byte> payload)>;

  // Throws FrameError, and what `sink` throws; after either the parser is of no more use.
  void feed(std::span<const std::byte> bytes, const Sink& sink);

  // Whether the bytes so far end where a frame does. At the end of the stream anything else means
  // that it was cut off.
  [[nodiscard]] bool between_frames() const noexcept { return have_ == 0 && left_ == 0; }

 private:
  void begin_frame();

  std::array<std::byte, 8> header_{};
  std::size_t have_ = 0;    // bytes of the header
  std::uint32_t left_ = 0;  // bytes of the payload that are still to come
  FrameStream stream_ = FrameStream::output;
};

}  // namespace snapshotter::target::postgresql
