# Compiler cache, linker, warnings and instrumentation, the same for every target of ours.
find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
endif()
find_program(MOLD_PROGRAM mold)
if(MOLD_PROGRAM)
  add_link_options(-fuse-ld=mold)
endif()

# Warnings are errors for our code; third-party headers come in as system includes.
add_library(edgetran_warnings INTERFACE)
target_compile_options(edgetran_warnings INTERFACE -Wall -Wextra -Wshadow -Wconversion -Werror
  # GCC 12 sees an overlap in every "literal" + std::string (its bug 105651).
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>)

if(EDGETRAN_SANITIZE)
  add_compile_options(-fsanitize=${EDGETRAN_SANITIZE} -fno-omit-frame-pointer
                      -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${EDGETRAN_SANITIZE})
endif()
if(EDGETRAN_COVERAGE)
  add_compile_options(--coverage)
  add_link_options(--coverage)
endif()
