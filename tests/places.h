#pragma once

#include <filesystem>

/// Where this build's tests find what they use. In a file of its own (places.cc), so that no path
/// is in the command line of a test: the compiler cache then serves another checkout.
namespace edgetran::places {

/// The checkout.
std::filesystem::path source();

/// The folder of the programs that were built with the tests.
std::filesystem::path programs();

/// The Python interpreter of the project's environment. Only in builds with engines.
std::filesystem::path python();

}  // namespace edgetran::places
