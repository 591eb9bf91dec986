// Owners of zstd's contexts, without zstd's header.
#pragma once

#include <memory>

struct ZSTD_CCtx_s;
struct ZSTD_DCtx_s;

namespace snapshotter::archive {

struct FreeZstd {
  void operator()(ZSTD_CCtx_s* it) const noexcept;
  void operator()(ZSTD_DCtx_s* it) const noexcept;
};

using ZstdCompression = std::unique_ptr<ZSTD_CCtx_s, FreeZstd>;
using ZstdDecompression = std::unique_ptr<ZSTD_DCtx_s, FreeZstd>;

}  // namespace snapshotter::archive
