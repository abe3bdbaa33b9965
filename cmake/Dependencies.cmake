# Every third-party package, found once. Reasons: docs/dependencies.md.
find_package(Threads REQUIRED)
find_package(Python3 COMPONENTS Interpreter REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(tl-expected REQUIRED)
set(OPENSSL_USE_STATIC_LIBS ${EDGETRAN_STATIC})
find_package(OpenSSL REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(UTF8PROC REQUIRED IMPORTED_TARGET libutf8proc)
pkg_check_modules(LZMA REQUIRED IMPORTED_TARGET liblzma)
find_package(CLI11 REQUIRED)
find_package(Protobuf REQUIRED)  # before ONNX, whose package file expects its targets
find_package(ONNX REQUIRED)

# What a program for other systems is linked with, and the same as shared libraries otherwise.
# Debian has no static fmt and spdlog; both are whole in their headers.
if(EDGETRAN_STATIC)
  set(EDGETRAN_FMT fmt::fmt-header-only)
  set(EDGETRAN_SPDLOG spdlog::spdlog_header_only)
  set_target_properties(spdlog::spdlog_header_only PROPERTIES
                        INTERFACE_LINK_LIBRARIES "Threads::Threads;fmt::fmt-header-only")
  find_library(EDGETRAN_YAML libyaml-cpp.a REQUIRED)
  add_link_options(-static)
else()
  set(EDGETRAN_FMT fmt::fmt)
  set(EDGETRAN_SPDLOG spdlog::spdlog)
  set(EDGETRAN_YAML yaml-cpp)
endif()

if(EDGETRAN_ENGINES)
  # The engines come as wheels in the project's virtual environment; both ship CMake packages.
  set(EDGETRAN_PYTHON "${CMAKE_SOURCE_DIR}/.venv/bin/python" CACHE FILEPATH
      "Python whose site-packages hold the torch and openvino wheels")
  execute_process(COMMAND ${EDGETRAN_PYTHON} -c
    "import importlib.util as u; p=lambda n: u.find_spec(n).submodule_search_locations[0]; print(p('torch')+';'+p('openvino'))"
    OUTPUT_VARIABLE EDGETRAN_ENGINE_ROOTS OUTPUT_STRIP_TRAILING_WHITESPACE
    RESULT_VARIABLE EDGETRAN_ENGINE_STATUS)
  if(NOT EDGETRAN_ENGINE_STATUS EQUAL 0)
    message(FATAL_ERROR "torch and openvino were not found by ${EDGETRAN_PYTHON}. "
      "Run scripts/setup, name another interpreter with -DEDGETRAN_PYTHON=..., "
      "or build without engines: -DEDGETRAN_ENGINES=OFF")
  endif()
  list(GET EDGETRAN_ENGINE_ROOTS 0 EDGETRAN_TORCH_ROOT)
  list(GET EDGETRAN_ENGINE_ROOTS 1 EDGETRAN_OPENVINO_ROOT)
  list(APPEND CMAKE_PREFIX_PATH ${EDGETRAN_TORCH_ROOT}/share/cmake)
  find_package(Torch REQUIRED)
  find_package(OpenMP REQUIRED COMPONENTS CXX)
  pkg_check_modules(HWY REQUIRED IMPORTED_TARGET libhwy)
  find_package(OpenVINO REQUIRED COMPONENTS Runtime PATHS ${EDGETRAN_OPENVINO_ROOT}/cmake
               NO_DEFAULT_PATH)
endif()

if(EDGETRAN_TESTS)
  find_package(GTest REQUIRED)
  include(GoogleTest)
endif()
