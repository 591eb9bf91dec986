# snapshotter_module(NAME [DEPENDS module…] [PRIVATE library…])
#
# One static library for the folder lib/NAME (nested folders included). DEPENDS names modules whose
# headers this module's headers show; PRIVATE names third parties, which stay inside its .cpp files.
function(snapshotter_module name)
  cmake_parse_arguments(arg "" "" "DEPENDS;PRIVATE" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.cpp)
  list(TRANSFORM arg_DEPENDS PREPEND snapshotter_)
  add_library(snapshotter_${name} STATIC ${sources})
  target_include_directories(snapshotter_${name} PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
  target_link_libraries(snapshotter_${name}
    PUBLIC ${arg_DEPENDS} snapshotter_asio
    PRIVATE snapshotter_options snapshotter_hardening ${arg_PRIVATE})
endfunction()
