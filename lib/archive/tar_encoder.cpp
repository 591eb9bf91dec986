#include "archive/tar_encoder.hpp"

#include "archive/acl.hpp"
#include "archive/tar_block.hpp"
#include "base/error.hpp"

#include <algorithm>
#include <cstring>
#include <optional>
#include <string_view>

namespace snapshotter::archive {
namespace {

[[noreturn]] void refuse(const Entry& entry, std::string why, std::string advice = {}) {
  throw CompressionError({"archive", entry.path, std::move(why), std::move(advice)});
}

// "LENGTH KEY=VALUE\n", where the length counts itself.
void add_record(std::string& records, std::string_view key, std::string_view value) {
  const std::size_t rest = key.size() + value.size() + 3;
  std::size_t length = rest + 1;
  while (rest + std::to_string(length).size() != length) ++length;
  records.append(std::to_string(length)).append(1, ' ').append(key);
  records.append(1, '=').append(value).append(1, '\n');
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<signed char>(c) > 0; });
}

template <std::size_t N>
void put_text(char (&field)[N], std::string_view text) {
  std::memcpy(field, text.data(), std::min(text.size(), N));
}

void append_block(std::string& bytes, const TarBlock& block) {
  bytes.append(reinterpret_cast<const char*>(&block), sizeof(block));
}

// A header followed by its text, as pax and GNU carry what does not fit into a header.
void append_extension(std::string& bytes, char typeflag, std::string_view name,
                      std::string_view text) {
  TarBlock block;
  put_text(block.name, name);
  put_number(block.mode, 0644);
  put_number(block.uid, 0);
  put_number(block.gid, 0);
  put_number(block.size, text.size());
  put_number(block.mtime, 0);
  block.typeflag = typeflag;
  put_checksum(block);
  append_block(bytes, block);
  bytes.append(text);
  bytes.resize(round_up_to_block(bytes.size()), '\0');
}

char typeflag_of(Entry::Kind kind) {
  switch (kind) {
    case Entry::Kind::file:
      return '0';
    case Entry::Kind::hardlink:
      return '1';
    case Entry::Kind::symlink:
      return '2';
    case Entry::Kind::character_device:
      return '3';
    case Entry::Kind::block_device:
      return '4';
    case Entry::Kind::directory:
      return '5';
    case Entry::Kind::fifo:
      return '6';
  }
  return '0';
}

// Where a name is cut into prefix and name of the ustar header; nullopt: it does not fit.
std::optional<std::size_t> split_point(std::string_view name) {
  const TarBlock block;
  if (name.size() > sizeof(block.prefix) + 1 + sizeof(block.name)) return std::nullopt;
  const std::size_t first = name.size() - sizeof(block.name) - 1;
  const std::size_t slash = name.find('/', first);
  if (slash == std::string_view::npos || slash == 0 || slash > sizeof(block.prefix) ||
      slash + 1 == name.size()) {
    return std::nullopt;
  }
  return slash;
}

// "-4.700000000" for −5 s + 300,000,000 ns.
std::string decimal(timespec time) {
  const bool negative = time.tv_sec < 0;
  if (negative && time.tv_nsec > 0) {
    ++time.tv_sec;
    time.tv_nsec = 1'000'000'000 - time.tv_nsec;
  }
  std::string text = std::to_string(time.tv_sec);
  if (negative && time.tv_sec == 0) text.insert(0, 1, '-');
  if (time.tv_nsec > 0) {
    const std::string digits = std::to_string(time.tv_nsec);
    text.append(1, '.').append(9 - digits.size(), '0').append(digits);
  }
  return text;
}

// GNU tar's escape for the sign that ends a record's key.
std::string xattr_key(std::string_view name) {
  std::string key = "SCHILY.xattr.";
  for (const char c : name) {
    if (c == '=') {
      key += "%3D";
    } else if (c == '%') {
      key += "%25";
    } else {
      key += c;
    }
  }
  return key;
}

class Encoder {
 public:
  explicit Encoder(const Entry& entry) : entry_(entry) {
    block_.typeflag = typeflag_of(entry.kind);
    put_number(block_.mode, entry.mode & 07777U);
    put_id("uid", block_.uid, entry.uid);
    put_id("gid", block_.gid, entry.gid);
    put_owner("uname", block_.uname, entry.user);
    put_owner("gname", block_.gname, entry.group);
    put_time();
    put_number(block_.devmajor, entry.device_major);
    put_number(block_.devminor, entry.device_minor);
    if (entry.kind == Entry::Kind::symlink || entry.kind == Entry::Kind::hardlink) put_link();
    put_xattrs();
  }

  void put_size(std::uint64_t size) {
    put_number(block_.size, size);
    if (!fits_octal(size, sizeof(block_.size))) add("size", std::to_string(size));
  }

  // Twenty digits hold any size, so the record's length is fixed.
  void put_stream_size(std::uint64_t size) {
    put_number(block_.size, size);
    const std::string digits = std::to_string(size);
    add("size", std::string(20 - digits.size(), '0') + digits);
  }

  void put_name() {
    std::string name = entry_.path;
    if (entry_.kind == Entry::Kind::directory) name += '/';
    if (name.size() <= sizeof(block_.name)) {
      put_text(block_.name, name);
    } else if (const auto slash = split_point(name)) {
      put_text(block_.prefix, std::string_view(name).substr(0, *slash));
      put_text(block_.name, std::string_view(name).substr(*slash + 1));
    } else {
      put_long(block_.name, name, "path", 'L');
    }
  }

  // A reader that does not know sparse files sees by this name that it got something else. The map
  // stands where such a reader finds content.
  void put_sparse_name() {
    if (!is_ascii(entry_.path)) return put_name();
    const auto slash = entry_.path.rfind('/') + 1;
    const std::string name = entry_.path.substr(0, slash) + "GNUSparseFile.0/";
    put_text(block_.name, (name + entry_.path.substr(slash)).substr(0, sizeof(block_.name)));
    add("GNU.sparse.name", entry_.path);
  }

  void add(std::string_view key, std::string_view value) { add_record(records_, key, value); }

  std::string finish() {
    if (records_.size() > kMaxExtendedHeader) {
      refuse(entry_, "its extended attributes are larger than 1 MiB together",
             "remove some of them, or exclude it");
    }
    std::string bytes = std::move(long_names_);
    if (!records_.empty()) append_extension(bytes, 'x', "././@PaxHeader", records_);
    put_checksum(block_);
    append_block(bytes, block_);
    return bytes;
  }

 private:
  template <std::size_t N>
  void put_id(std::string_view key, char (&field)[N], std::uint64_t id) {
    put_number(field, id);
    if (!fits_octal(id, N)) add(key, std::to_string(id));
  }

  // Names of users are a courtesy, the ids count: what fits nowhere is left out.
  template <std::size_t N>
  void put_owner(std::string_view key, char (&field)[N], const std::string& name) {
    if (name.size() < N) {
      put_text(field, name);
    } else if (is_ascii(name)) {
      add(key, name);
    }
  }

  void put_time() {
    const timespec& time = entry_.modified;
    const auto seconds = static_cast<std::uint64_t>(std::max<time_t>(time.tv_sec, 0));
    put_number(block_.mtime, seconds);
    if (time.tv_nsec != 0 || time.tv_sec < 0 || !fits_octal(seconds, sizeof(block_.mtime))) {
      add("mtime", decimal(time));
    }
  }

  void put_link() {
    if (entry_.link_target.size() <= sizeof(block_.linkname)) {
      put_text(block_.linkname, entry_.link_target);
    } else {
      put_long(block_.linkname, entry_.link_target, "linkpath", 'K');
    }
  }

  template <std::size_t N>
  void put_long(char (&field)[N], const std::string& text, std::string_view key, char typeflag) {
    put_text(field, text);
    if (is_ascii(text)) {
      add(key, text);
    } else {
      append_extension(long_names_, typeflag, "././@LongLink", text + '\0');
    }
  }

  void put_xattrs() {
    for (const auto& [name, value] : entry_.xattrs) {
      const bool access = name == kAccessAclXattr;
      const auto acl = access || name == kDefaultAclXattr ? parse_acl(value) : std::nullopt;
      if (acl) {
        add(access ? "SCHILY.acl.access" : "SCHILY.acl.default", to_text(*acl));
      } else {
        add(xattr_key(name), value);
      }
    }
  }

  const Entry& entry_;
  TarBlock block_;
  std::string records_;
  std::string long_names_;
};

// In order, within the file, and, but for the last, whole blocks: GNU tar begins each extent at a
// new block, bsdtar and tarfile do not.
void check_extents(const Entry& entry) {
  std::uint64_t end = 0;
  for (const Extent& extent : entry.extents) {
    if (extent.offset < end || extent.length > entry.size ||
        extent.offset > entry.size - extent.length) {
      refuse(entry, "its extents are not in order, or pass its end");
    }
    if (extent.length % kTarBlock != 0 && &extent != &entry.extents.back()) {
      refuse(entry, "the length of an extent is not a multiple of 512");
    }
    end = extent.offset + extent.length;
  }
}

// Decimal numbers, one a line: the count, then offset and length of each extent, up to a whole
// block. A hole at the end shows as an extent of no length there.
std::string sparse_map(const Entry& entry) {
  std::vector<Extent> extents = entry.extents;
  if (extents.empty() || extents.back().offset + extents.back().length < entry.size) {
    extents.push_back({entry.size, 0});
  }
  std::string map = std::to_string(extents.size()) + '\n';
  for (const Extent& extent : extents) {
    map += std::to_string(extent.offset) + '\n' + std::to_string(extent.length) + '\n';
  }
  map.resize(round_up_to_block(map.size()), '\0');
  return map;
}

EncodedHeader encode_sparse(const Entry& entry) {
  check_extents(entry);
  const std::string map = sparse_map(entry);
  EncodedHeader header;
  for (const Extent& extent : entry.extents) header.content += extent.length;
  Encoder encoder(entry);
  encoder.add("GNU.sparse.major", "1");
  encoder.add("GNU.sparse.minor", "0");
  encoder.add("GNU.sparse.realsize", std::to_string(entry.size));
  encoder.put_sparse_name();
  encoder.put_size(map.size() + header.content);
  header.bytes = encoder.finish() + map;
  return header;
}

}  // namespace

EncodedHeader encode_header(const Entry& entry) {
  const bool file = entry.kind == Entry::Kind::file;
  if (file && entry.sparse) return encode_sparse(entry);
  EncodedHeader header;
  header.content = file ? entry.size : 0;
  Encoder encoder(entry);
  encoder.put_name();
  encoder.put_size(header.content);
  header.bytes = encoder.finish();
  return header;
}

std::string encode_stream_header(const Entry& entry, std::uint64_t size) {
  Encoder encoder(entry);
  encoder.put_name();
  encoder.put_stream_size(size);
  return encoder.finish();
}

}  // namespace snapshotter::archive
