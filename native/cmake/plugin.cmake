# busbar_add_plugin(name sources...): the shared library lib<name>.so, copied to dist/native/<platform-arch>/plugins.
# It sees include/busbar_service.h, native/core (as "core/..."), native/generated and the FlatBuffers headers.
find_path(FLATBUFFERS_INCLUDE flatbuffers/flatbuffers.h)
if(NOT FLATBUFFERS_INCLUDE)
  message(STATUS "FlatBuffers headers are not there (Debian: apt-get install libflatbuffers-dev); plugins that use them will not compile")
endif()

function(busbar_plugin_includes target)
  target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}/native/include")
  target_include_directories(${target} SYSTEM PRIVATE "${PROJECT_SOURCE_DIR}/native/generated")
  if(FLATBUFFERS_INCLUDE)
    target_include_directories(${target} SYSTEM PRIVATE "${FLATBUFFERS_INCLUDE}")
  endif()
endfunction()

function(busbar_add_plugin name)
  set(target "plugin_${name}")
  add_library(${target} MODULE ${ARGN})
  set_target_properties(${target} PROPERTIES
    PREFIX "lib" OUTPUT_NAME "${name}" SUFFIX ".so"
    LIBRARY_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/plugins")
  target_link_libraries(${target} PRIVATE busbar_core)
  busbar_plugin_includes(${target})
  busbar_dist(${target} plugins)
endfunction()
