// Bytes that are about to be overwritten anyway: a vector whose resize() does not write zeros
// first. Blocks are 1 MiB and pass by thousands of times a second; the zeros would cost as much as
// a copy.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <utility>
#include <vector>

namespace snapshotter::archive {

template <class T>
struct UninitialisedAllocator : std::allocator<T> {
  template <class U>
  struct rebind {  // NOLINT(readability-identifier-naming): the standard's name
    using other = UninitialisedAllocator<U>;
  };
  template <class U>
  void construct(U* at) noexcept {
    ::new (static_cast<void*>(at)) U;
  }
  template <class U, class... Arguments>
  void construct(U* at, Arguments&&... arguments) {
    ::new (static_cast<void*>(at)) U(std::forward<Arguments>(arguments)...);
  }
};

using Buffer = std::vector<std::byte, UninitialisedAllocator<std::byte>>;

}  // namespace snapshotter::archive
