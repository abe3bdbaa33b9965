#pragma once

#include <string_view>

namespace edgetran::report {

// Bundled from webui/ at build time (webui/build.mjs writes the definitions).

/// The page's script: self-contained, expects elements "data" and "page".
std::string_view page_script();
/// The page's style sheet.
std::string_view page_style();

}  // namespace edgetran::report
