// From an entry to the blocks that stand before its content in a tar archive.
//
// The dialect is pax (POSIX.1-2001) with the extensions that GNU tar, bsdtar and Python's tarfile
// all read without a word, in any locale: that is why this is not left to libarchive, which marks
// names that are not UTF-8 (in the C locale of a daemon: not ASCII) with a record that GNU tar
// warns of, file by file. Stream headers of a fixed length need the code in any case.
//
//  * Names are bytes. Up to 100 (with a fitting '/', 256) of them stand in the ustar header as they
//    are. Longer ones become a pax record when they are ASCII, else GNU's long name blocks ('L',
//    'K'), because a pax record must be UTF-8 and bsdtar complains when its locale can't show it.
//  * Times with a fraction, before 1970 or after 2242, ids above 2,097,151, sizes of 8 GiB and
//  more:
//    pax records, and base 256 in the ustar header.
//  * Extended attributes: SCHILY.xattr records, ACLs: SCHILY.acl records.
//  * Sparse files: GNU's format 1.0.
#pragma once

#include "archive/entry.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

namespace snapshotter::archive {

// What readers accept in one extended header (libarchive: 1 MiB).
inline constexpr std::size_t kMaxExtendedHeader = 1U << 20U;

struct EncodedHeader {
  std::string bytes;          // whole blocks; of a sparse file with its map
  std::uint64_t content = 0;  // bytes of content that follow, to be filled up to a whole block
};

// Throws CompressionError for an entry that no tar can hold: extended attributes of more than 1
// MiB, extents that overlap or pass the size.
[[nodiscard]] EncodedHeader encode_header(const Entry& entry);

// The same for a file whose size will be known later: the length of the result does not depend on
// `size`.
[[nodiscard]] std::string encode_stream_header(const Entry& entry, std::uint64_t size);

}  // namespace snapshotter::archive
