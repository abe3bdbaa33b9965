# Compiler cache, linker, warnings and instrumentation, the same for every target of ours.
find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  # Paths below the checkout are hashed as relative ones, so that another checkout, and another
  # build folder of this one, find the same objects; precompiled headers need the sloppiness.
  set(EDGETRAN_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR}
      CCACHE_NOHASHDIR=1 CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE_PROGRAM})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${EDGETRAN_LAUNCHER})
  set(CMAKE_C_COMPILER_LAUNCHER ${EDGETRAN_LAUNCHER})
endif()
# Asked of the compiler: one for another system may not find the machine's own linker.
include(CheckLinkerFlag)
check_linker_flag(CXX -fuse-ld=mold EDGETRAN_MOLD)
if(EDGETRAN_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

# What must be fast runs in kernels of its own; -O3 elsewhere only takes longer to build, and makes
# GCC 12 see uninitialised strings that are none.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")

# Warnings are errors for our code; third-party headers come in as system includes. Errors only
# with the compiler that the house is built with, GCC, and without instrumentation: sanitizers make
# its flow analysis see paths that are not there, and clang's set of warnings is another one.
add_library(edgetran_warnings INTERFACE)
target_compile_options(edgetran_warnings INTERFACE -Wall -Wextra -Wshadow -Wconversion)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 sees an overlap in every "literal" + std::string (its bug 105651).
  target_compile_options(edgetran_warnings INTERFACE -Wno-restrict)
  if(EDGETRAN_BATCH GREATER 1)
    # A file that a batch includes looks like a header whose types would not leave it.
    target_compile_options(edgetran_warnings INTERFACE -Wno-subobject-linkage)
  endif()
  if(NOT EDGETRAN_SANITIZE)
    target_compile_options(edgetran_warnings INTERFACE -Werror)
  endif()
else()
  # Clang's -Wconversion holds sign conversions too; GCC's does not.
  target_compile_options(edgetran_warnings INTERFACE -Wno-sign-conversion)
endif()

if(EDGETRAN_SANITIZE)
  # Line numbers are all that a report needs; full debug information doubles the time to build.
  add_compile_options(-fsanitize=${EDGETRAN_SANITIZE} -fno-omit-frame-pointer
                      -fno-sanitize-recover=all -g1)
  add_link_options(-fsanitize=${EDGETRAN_SANITIZE})
  # UBSan's checks at every memory access double the time to compile (16 s to 7 s for a file full
  # of JSON). The preset asan leaves them out: AddressSanitizer sees what matters of them, and the
  # fuzz targets, where bytes from outside are read in place, are built with all.
  if(EDGETRAN_SANITIZE_EXCEPT)
    add_compile_options(-fno-sanitize=${EDGETRAN_SANITIZE_EXCEPT})
  endif()
endif()
if(EDGETRAN_COVERAGE)
  add_compile_options(--coverage)
  add_link_options(--coverage)
endif()
