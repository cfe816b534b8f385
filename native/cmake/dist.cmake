# Where built things go for Node to find them: dist/native/<platform>-<arch>, named as process.platform and process.arch.
if(APPLE)
  set(busbar_platform "darwin")
elseif(WIN32)
  set(busbar_platform "win32")
else()
  set(busbar_platform "linux")
endif()
string(TOLOWER "${CMAKE_SYSTEM_PROCESSOR}" busbar_arch)
if(busbar_arch MATCHES "^(x86_64|amd64)$")
  set(busbar_arch "x64")
elseif(busbar_arch MATCHES "^(aarch64|arm64)$")
  set(busbar_arch "arm64")
endif()
set(BUSBAR_DIST_DIR "${PROJECT_SOURCE_DIR}/dist/native/${busbar_platform}-${busbar_arch}")

# All that users need and nothing else: cmake --build --preset dist
add_custom_target(dist)

# busbar_dist(target folder): copies the target's file to dist after each link. By rename, because writing into a library
# that some process has mapped would crash that process.
function(busbar_dist target folder)
  add_dependencies(dist ${target})
  if(NOT BUSBAR_DIST)
    return()
  endif()
  set(to "${BUSBAR_DIST_DIR}/${folder}")
  add_custom_command(TARGET ${target} POST_BUILD
    COMMAND ${CMAKE_COMMAND} -E make_directory "${to}"
    COMMAND ${CMAKE_COMMAND} -E copy "$<TARGET_FILE:${target}>" "${to}/$<TARGET_FILE_NAME:${target}>.new"
    COMMAND ${CMAKE_COMMAND} -E rename "${to}/$<TARGET_FILE_NAME:${target}>.new" "${to}/$<TARGET_FILE_NAME:${target}>"
    VERBATIM)
endfunction()
