# The C++ side of org.snapshotter1.xml: snapshotter_bus_interface carries what sdbus-c++-xml2cpp makes
# of it, org_snapshotter1_adaptor.hpp for the service and org_snapshotter1_proxy.hpp for clients. As
# system headers: how generated code looks is not ours to mend.
find_program(SDBUS_XML2CPP sdbus-c++-xml2cpp REQUIRED)

set(bus_xml ${CMAKE_CURRENT_LIST_DIR}/org.snapshotter1.xml)
set(bus_generated ${CMAKE_CURRENT_BINARY_DIR}/generated)
file(MAKE_DIRECTORY ${bus_generated})
add_custom_command(
  OUTPUT ${bus_generated}/org_snapshotter1_adaptor.hpp ${bus_generated}/org_snapshotter1_proxy.hpp
  COMMAND ${SDBUS_XML2CPP} ${bus_xml} --adaptor=org_snapshotter1_adaptor.hpp
          --proxy=org_snapshotter1_proxy.hpp
  WORKING_DIRECTORY ${bus_generated}
  DEPENDS ${bus_xml}
  COMMENT "Generating C++ from org.snapshotter1.xml"
  VERBATIM)
add_custom_target(snapshotter_bus_generated DEPENDS
  ${bus_generated}/org_snapshotter1_adaptor.hpp ${bus_generated}/org_snapshotter1_proxy.hpp)

add_library(snapshotter_bus_interface INTERFACE)
target_include_directories(snapshotter_bus_interface SYSTEM INTERFACE ${bus_generated})
target_link_libraries(snapshotter_bus_interface INTERFACE PkgConfig::sdbus)
add_dependencies(snapshotter_bus_interface snapshotter_bus_generated)

target_link_libraries(snapshotter_bus PRIVATE snapshotter_bus_interface)
add_dependencies(snapshotter_bus snapshotter_bus_generated)
