# Cross-compiling for 64-bit ARM on Debian (docs/agent.md): Debian's compiler, and its packages for
# arm64 unpacked below EDGETRAN_SYSROOT.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)

# Named on the command line; the compiler's own tests run in projects that get it from here.
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES EDGETRAN_SYSROOT)
if(NOT EDGETRAN_SYSROOT)
  message(FATAL_ERROR "name the folder of arm64 packages: -DEDGETRAN_SYSROOT=...")
endif()
set(CMAKE_SYSROOT ${EDGETRAN_SYSROOT})
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)

# Programs (protoc, python) are this machine's, all else the board's.
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(ENV{PKG_CONFIG_SYSROOT_DIR} ${EDGETRAN_SYSROOT})
set(ENV{PKG_CONFIG_LIBDIR}
    ${EDGETRAN_SYSROOT}/usr/lib/aarch64-linux-gnu/pkgconfig:${EDGETRAN_SYSROOT}/usr/share/pkgconfig)
