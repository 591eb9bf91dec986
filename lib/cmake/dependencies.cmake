# Third parties, each found here and linked privately by the one module that owns it (lib/README.md).
# Debian 12 and 13 differ in their versions only; nothing here names one.

find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(OpenSSL REQUIRED COMPONENTS Crypto SSL)
find_package(SQLite3 REQUIRED)
find_package(spdlog REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(archive REQUIRED IMPORTED_TARGET libarchive)
pkg_check_modules(deflate REQUIRED IMPORTED_TARGET libdeflate)
pkg_check_modules(zstd REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(xxhash REQUIRED IMPORTED_TARGET libxxhash)
pkg_check_modules(systemd REQUIRED IMPORTED_TARGET libsystemd)
pkg_check_modules(sdbus REQUIRED IMPORTED_TARGET sdbus-c++)
# ISA-L exists for x86-64 and arm64; elsewhere level "fast" falls back to libdeflate.
pkg_check_modules(isal IMPORTED_TARGET libisal)

if(NOT TARGET yaml-cpp::yaml-cpp)
  add_library(yaml-cpp::yaml-cpp ALIAS yaml-cpp)
endif()

find_path(CCTZ_INCLUDE cctz/time_zone.h REQUIRED)
find_library(CCTZ_LIBRARY cctz REQUIRED)
add_library(cctz::cctz UNKNOWN IMPORTED)
set_target_properties(cctz::cctz PROPERTIES
  IMPORTED_LOCATION ${CCTZ_LIBRARY} INTERFACE_INCLUDE_DIRECTORIES ${CCTZ_INCLUDE})

# Asio is used through its separate compilation (lib/async/asio.cpp): a header-only Asio costs every
# file that includes it several seconds.
add_library(snapshotter_asio INTERFACE)
target_link_libraries(snapshotter_asio INTERFACE Boost::headers Threads::Threads)
target_compile_definitions(snapshotter_asio INTERFACE
  BOOST_ASIO_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED)
