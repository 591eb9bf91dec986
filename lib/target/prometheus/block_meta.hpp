// What a block of Prometheus's database says of itself (meta.json).
#pragma once

#include "base/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace snapshotter::target::prometheus {

// 26 digits of Crockford's base 32, the first at most '7' (128 bits): a block's name.
[[nodiscard]] bool is_ulid(std::string_view name) noexcept;

struct BlockMeta {
  std::string ulid;
  Time min_time, max_time;  // the block holds [min_time, max_time)
  std::uint64_t series = 0, samples = 0, chunks = 0;
  std::int64_t level = 0;  // of compaction; 1: fresh from the head
};

// Takes version 1, the only one that there is. nullopt: it is not what a block must have; `why`
// says what is wrong, in half a sentence.
[[nodiscard]] std::optional<BlockMeta> parse_block_meta(std::string_view json, std::string& why);

}  // namespace snapshotter::target::prometheus
