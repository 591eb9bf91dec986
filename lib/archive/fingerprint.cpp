#include "archive/fingerprint.hpp"

#include <xxhash.h>

#include <cstring>
#include <new>

namespace snapshotter::archive {

void Fingerprinter::Free::operator()(XXH3_state_s* it) const noexcept { XXH3_freeState(it); }

Fingerprinter::Fingerprinter() : state_(XXH3_createState()) {
  if (!state_) throw std::bad_alloc();
  XXH3_128bits_reset(state_.get());
}

void Fingerprinter::update(std::span<const std::byte> bytes) noexcept {
  XXH3_128bits_update(state_.get(), bytes.data(), bytes.size());
}

Fingerprint Fingerprinter::finish() const noexcept {
  const XXH128_hash_t hash = XXH3_128bits_digest(state_.get());
  Fingerprint result;
  std::memcpy(result.data(), &hash.low64, 8);
  std::memcpy(result.data() + 8, &hash.high64, 8);
  return result;
}

}  // namespace snapshotter::archive
