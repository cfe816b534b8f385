# Flags of every target. Results must not depend on the build computer: no fused multiply-add, no fast-math, no -march.
set(CMAKE_CXX_FLAGS_RELEASE "-O2")
set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g")
add_compile_options(-Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion -ffp-contract=off -fno-fast-math)

if(BUSBAR_SANITIZE)
  add_compile_options(-fsanitize=${BUSBAR_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all -g1 -O1)
  add_link_options(-fsanitize=${BUSBAR_SANITIZE})
endif()

find_package(Threads REQUIRED)
