# One function a kind of target. A module's direct links are exactly the LINKS of its
# declaration; tests/layering compares them, the includes and docs/architecture.md.

# edgetran_share_names(FILE...)   files of the calling folder with names of their own that its other
# files have too: those that fill the same form (a sensor's driver), tests with like helpers. They are never
# compiled in a batch. Call it before the target is declared.
function(edgetran_share_names)
  set_source_files_properties(${ARGN} PROPERTIES EDGETRAN_ALONE ON)
endfunction()

# edgetran_batches(RESULT TARGET FOLDER FILE...)
# Sets RESULT to what TARGET compiles for its files: themselves, or with EDGETRAN_BATCH > 1 files that each
# include so many of them, in a third of the time. As CMake's own unity build does, but that writes absolute
# paths: here a file is named from FOLDER, where the compiler looks, and the compiler cache serves another
# checkout.
function(edgetran_batches result target folder)
  if(EDGETRAN_BATCH LESS 2)
    set(${result} ${ARGN} PARENT_SCOPE)
    return()
  endif()
  set(compiled "")
  set(together "")
  foreach(file ${ARGN})
    get_source_file_property(alone ${file} EDGETRAN_ALONE)
    if(alone)
      list(APPEND compiled ${file})
    else()
      list(APPEND together ${file})
    endif()
  endforeach()
  set(number 0)
  list(LENGTH together count)
  while(count GREATER 0)
    list(SUBLIST together 0 ${EDGETRAN_BATCH} part)
    list(REMOVE_ITEM together ${part})
    set(text "// NOLINTBEGIN(bugprone-suspicious-include)\n")
    foreach(file ${part})
      file(RELATIVE_PATH name ${folder} ${file})
      string(APPEND text "#include \"${name}\"\n")
    endforeach()
    string(APPEND text "// NOLINTEND(bugprone-suspicious-include)\n")
    set(batch ${CMAKE_CURRENT_BINARY_DIR}/${target}_batch_${number}.cc)
    file(CONFIGURE OUTPUT ${batch} CONTENT "${text}" @ONLY)
    list(APPEND compiled ${batch})
    math(EXPR number "${number} + 1")
    list(LENGTH together count)
  endwhile()
  set(${result} ${compiled} PARENT_SCOPE)
endfunction()

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
  edgetran_batches(compiled ${target} ${CMAKE_SOURCE_DIR}/src ${sources})
  add_library(${target} STATIC ${compiled})
  target_include_directories(${target} PUBLIC ${CMAKE_SOURCE_DIR}/src)
  foreach(link ${ARG_LINKS})
    string(REPLACE "/" "_" link_target edgetran_${link})
    target_link_libraries(${target} PUBLIC ${link_target})
  endforeach()
  target_link_libraries(${target} PUBLIC ${ARG_LIBRARIES}
                        PRIVATE edgetran_warnings ${ARG_PRIVATE_LIBRARIES})
endfunction()

# edgetran_test(NAME LINKS module... [LIBRARIES target...])
# GoogleTest program NAME_test of the *_test.cc files in the calling folder, one ctest a case.
function(edgetran_test name)
  cmake_parse_arguments(ARG "" "" "LINKS;LIBRARIES" ${ARGN})
  string(REPLACE "/" "_" target ${name}_test)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*_test.cc)
  edgetran_batches(compiled ${target} ${CMAKE_SOURCE_DIR}/tests ${sources})
  add_executable(${target} ${compiled})
  target_include_directories(${target} PRIVATE ${CMAKE_SOURCE_DIR}/tests)
  foreach(link ${ARG_LINKS})
    string(REPLACE "/" "_" link_target edgetran_${link})
    target_link_libraries(${target} PRIVATE ${link_target})
  endforeach()
  target_link_libraries(${target} PRIVATE edgetran_test_places edgetran_warnings GTest::gmock
                        GTest::gtest_main ${ARG_LIBRARIES})
  # The optimiser is worth its time in the programs, not here: tests build a third faster.
  target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O1>)
  gtest_discover_tests(${target} DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 300)
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
