# How every target of the project is compiled. Warnings are errors; ccache and mold are used where
# they are installed, because both make a rebuild several times faster and neither changes a result.

add_library(snapshotter_options INTERFACE)
target_compile_options(snapshotter_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror -fno-omit-frame-pointer
  # gcc 12 takes the frames of some coroutines for memory of another allocator (GCC bug 109224).
  -Wno-mismatched-new-delete)
# Hardening that distributions expect of a daemon; the sanitizers bring their own checks.
add_library(snapshotter_hardening INTERFACE)
if(SNAPSHOTTER_SANITIZE)
  target_compile_options(snapshotter_options INTERFACE -fsanitize=${SNAPSHOTTER_SANITIZE}
    -fno-sanitize-recover=all)
  target_link_options(snapshotter_options INTERFACE -fsanitize=${SNAPSHOTTER_SANITIZE})
  # gcc 12 reports false positives of these under the sanitizers' instrumentation (GCC bug 105562).
  target_compile_options(snapshotter_options INTERFACE -Wno-error=maybe-uninitialized
    -Wno-error=restrict -Wno-error=array-bounds -Wno-error=stringop-overflow)
  if(SNAPSHOTTER_SANITIZE MATCHES thread)
    # Asio's use of std::atomic_thread_fence; the sanitizer warns that it does not model fences.
    target_compile_options(snapshotter_options INTERFACE -Wno-tsan)
  endif()
else()
  target_compile_options(snapshotter_hardening INTERFACE -fstack-protector-strong
    $<$<CONFIG:Release,RelWithDebInfo>:-D_FORTIFY_SOURCE=2>)
  target_link_options(snapshotter_hardening INTERFACE -Wl,-z,relro,-z,now)
endif()

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER env CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE})
  # What lets ccache see through a precompiled header (ccache manual, "Precompiled headers").
  target_compile_options(snapshotter_options INTERFACE -fpch-preprocess)
endif()
find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()
