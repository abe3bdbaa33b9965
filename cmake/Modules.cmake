# One function a kind of target. A module's direct links are exactly the LINKS of its
# declaration; tests/layering compares them, the includes and docs/architecture.md.

# edgetran_module(NAME [LINKS module...] [LIBRARIES target...] [PRIVATE_LIBRARIES target...]
#                 [FOLDERS folder...])
# Static library edgetran_NAME of the .cc files in the calling folder and in the sub-folders named
# (parts of the same module). New files are picked up.
# A '/' in a module's name (train/torch) becomes '_' in the target's.
function(edgetran_module name)
  cmake_parse_arguments(ARG "" "" "LINKS;LIBRARIES;PRIVATE_LIBRARIES;FOLDERS" ${ARGN})
  string(REPLACE "/" "_" target edgetran_${name})
  set(patterns ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  foreach(folder ${ARG_FOLDERS})
    list(APPEND patterns ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*.cc)
  endforeach()
  file(GLOB sources CONFIGURE_DEPENDS ${patterns})
  add_library(${target} STATIC ${sources})
  target_include_directories(${target} PUBLIC ${CMAKE_SOURCE_DIR}/src)
  foreach(link ${ARG_LINKS})
    string(REPLACE "/" "_" link_target edgetran_${link})
    target_link_libraries(${target} PUBLIC ${link_target})
  endforeach()
  target_link_libraries(${target} PUBLIC ${ARG_LIBRARIES}
                        PRIVATE edgetran_warnings ${ARG_PRIVATE_LIBRARIES})
endfunction()

# edgetran_share_names(FILE...)   files of the calling folder with names of their own that its other
# files have too: those that fill the same form (a head, a sensor's driver), tests with like helpers.
# Where a configuration compiles files in batches (CMAKE_UNITY_BUILD: the sanitizers and fuzzers, in a
# third of the time), each of these is compiled alone.
function(edgetran_share_names)
  set_source_files_properties(${ARGN} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
endfunction()

# edgetran_test(NAME LINKS module... [LIBRARIES target...])
# GoogleTest program NAME_test of the *_test.cc files in the calling folder, one ctest a case.
function(edgetran_test name)
  cmake_parse_arguments(ARG "" "" "LINKS;LIBRARIES" ${ARGN})
  string(REPLACE "/" "_" target ${name}_test)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*_test.cc)
  add_executable(${target} ${sources})
  target_include_directories(${target} PRIVATE ${CMAKE_SOURCE_DIR}/tests)
  foreach(link ${ARG_LINKS})
    string(REPLACE "/" "_" link_target edgetran_${link})
    target_link_libraries(${target} PRIVATE ${link_target})
  endforeach()
  target_link_libraries(${target} PRIVATE edgetran_warnings GTest::gmock GTest::gtest_main
                        ${ARG_LIBRARIES})
  # The optimiser is worth its time in the programs, not here: tests build a third faster.
  target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O1>)
  edgetran_test_paths(${target})
  gtest_discover_tests(${target} DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 300)
endfunction()

# Gives the test's files the paths of sources and programs, but only those files that use them: a
# path in a command line keeps the compiler cache from serving another checkout.
function(edgetran_test_paths target)
  set(paths EDGETRAN_SOURCE_DIR="${CMAKE_SOURCE_DIR}" EDGETRAN_BIN_DIR="${CMAKE_BINARY_DIR}/bin")
  file(GLOB headers ${CMAKE_CURRENT_SOURCE_DIR}/*.h)
  foreach(header ${headers})
    file(STRINGS ${header} uses REGEX "EDGETRAN_(SOURCE|BIN)_DIR")
    if(uses)
      target_compile_definitions(${target} PRIVATE ${paths})
      return()
    endif()
  endforeach()
  get_target_property(sources ${target} SOURCES)
  foreach(source ${sources})
    file(STRINGS ${source} uses REGEX "EDGETRAN_(SOURCE|BIN)_DIR")
    if(uses)
      set_source_files_properties(${source} PROPERTIES COMPILE_DEFINITIONS "${paths}")
    endif()
  endforeach()
endfunction()

# edgetran_fuzz(NAME LINKS module...)   libFuzzer program fuzz_NAME of NAME.cc in the calling folder;
# the target `fuzzers` builds them all and no more of the house than they link.
function(edgetran_fuzz name)
  cmake_parse_arguments(ARG "" "" "LINKS" ${ARGN})
  add_executable(fuzz_${name} ${name}.cc)
  foreach(link ${ARG_LINKS})
    string(REPLACE "/" "_" link_target edgetran_${link})
    target_link_libraries(fuzz_${name} PRIVATE ${link_target})
  endforeach()
  target_link_libraries(fuzz_${name} PRIVATE edgetran_warnings)
  target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  if(NOT TARGET fuzzers)
    add_custom_target(fuzzers)
  endif()
  add_dependencies(fuzzers fuzz_${name})
endfunction()
