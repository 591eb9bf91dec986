// Archives of other programs: one long stream, or members nobody can find without inflating.
//
// gzip goes through ISA-L, at twice zlib's speed and with every member's checksum checked; zstd
// through libarchive's filter, and so does gzip where there is no ISA-L (that filter does not check
// gzip's checksum).
#include <archive.h>
#ifdef SNAPSHOTTER_HAVE_ISAL
#include <isa-l/igzip_lib.h>
#endif

#include "archive/buffer.hpp"
#include "archive/inflated_stream.hpp"
#include "base/error.hpp"

#include <exception>

namespace snapshotter::archive {
namespace {

constexpr std::size_t kPiece = 1U << 20U;

class FilterStream final : public InflatedStream {
 public:
  FilterStream(StoredBytes& in, Format format) : in_(in), archive_(archive_read_new()) {
    if (!archive_) throw std::bad_alloc();
    archive_read_support_format_raw(archive_.get());
    if (format == Format::tar_gz) {
      archive_read_support_filter_gzip(archive_.get());
    } else {
      archive_read_support_filter_zstd(archive_.get());
    }
    check(archive_read_open(archive_.get(), this, nullptr, read_some, nullptr));
    archive_entry* ignored = nullptr;
    check(archive_read_next_header(archive_.get(), &ignored));
  }

  std::span<const std::byte> next() override {
    const void* piece = nullptr;
    std::size_t size = 0;
    la_int64_t offset = 0;
    if (!check(archive_read_data_block(archive_.get(), &piece, &size, &offset))) return {};
    return {static_cast<const std::byte*>(piece), size};
  }

 private:
  // False: the end.
  bool check(int result) {
    if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
    if (result == ARCHIVE_OK) return true;
    if (result == ARCHIVE_EOF) return false;
    const char* const text = archive_error_string(archive_.get());
    throw_corrupt(in_.offset(), text == nullptr ? "data that can't be inflated" : text);
  }

  static la_ssize_t read_some(::archive* /*unused*/, void* self, const void** bytes) {
    auto& stream = *static_cast<FilterStream*>(self);
    try {
      stream.buffer_.resize(kPiece);
      const std::size_t count = stream.in_.read_some(stream.buffer_);
      *bytes = stream.buffer_.data();
      return static_cast<la_ssize_t>(count);
    } catch (...) {
      stream.error_ = std::current_exception();  // not through C
      return ARCHIVE_FATAL;
    }
  }

  struct Free {
    void operator()(::archive* it) const { archive_read_free(it); }
  };

  StoredBytes& in_;
  Buffer buffer_;
  std::exception_ptr error_;
  std::unique_ptr<::archive, Free> archive_;
};

#ifdef SNAPSHOTTER_HAVE_ISAL
class GzipStream final : public InflatedStream {
 public:
  explicit GzipStream(StoredBytes& in) : in_(in), input_(kPiece), output_(kPiece) {
    isal_inflate_init(&state_);
    state_.crc_flag = ISAL_GZIP;
  }

  std::span<const std::byte> next() override {
    state_.next_out = reinterpret_cast<std::uint8_t*>(output_.data());
    state_.avail_out = static_cast<std::uint32_t>(output_.size());
    while (state_.avail_out > 0) {
      if (state_.avail_in == 0 && !fill()) break;
      if (state_.block_state == ISAL_BLOCK_FINISH && !begin_member()) continue;
      const int result = isal_inflate(&state_);
      if (result == ISAL_INCORRECT_CHECKSUM) corrupt("a gzip checksum that does not match");
      if (result < 0) corrupt("gzip data that can't be inflated");
    }
    return std::span(output_).first(output_.size() - state_.avail_out);
  }

 private:
  bool fill() {
    const std::size_t count = in_.read_some(input_);
    state_.next_in = reinterpret_cast<std::uint8_t*>(input_.data());
    state_.avail_in = static_cast<std::uint32_t>(count);
    if (count == 0 && state_.block_state != ISAL_BLOCK_FINISH) corrupt("the end of the data");
    return count > 0;
  }

  // False: there was but padding. As gzip(1), which lets zeros follow the last member.
  bool begin_member() {
    while (state_.avail_in > 0 && *state_.next_in == 0) {
      ++state_.next_in;
      --state_.avail_in;
      padding_ = true;
    }
    if (state_.avail_in == 0) return false;
    if (padding_ || *state_.next_in != 0x1f) corrupt("data behind the last gzip member");
    isal_inflate_reset(&state_);
    state_.crc_flag = ISAL_GZIP;
    return true;
  }

  [[noreturn]] void corrupt(const std::string& what) const {
    throw_corrupt(in_.offset() - state_.avail_in, what);
  }

  StoredBytes& in_;
  Buffer input_;
  Buffer output_;
  inflate_state state_{};
  bool padding_ = false;
};
#endif

}  // namespace

std::unique_ptr<InflatedStream> sequential_stream(StoredBytes& in, Format format) {
#ifdef SNAPSHOTTER_HAVE_ISAL
  if (format == Format::tar_gz) return std::make_unique<GzipStream>(in);
#endif
  return std::make_unique<FilterStream>(in, format);
}

}  // namespace snapshotter::archive
