#pragma once

#include <string>
#include <string_view>

namespace edgetran::report {

/// Text for HTML content and quoted attributes.
std::string escape_html(std::string_view text);

/// JSON that may stand in a <script> element: '<' and '&' as \u escapes, so that no text of the
/// data can end the element or open a comment. Still the same JSON value.
std::string escape_script_json(std::string_view json);

/// A field of a CSV line (RFC 4180): quoted where it must be. Text that a spreadsheet would run as
/// a formula (first character = + - @ or a tab) gets a leading apostrophe.
std::string escape_csv(std::string_view text);

/// Text of a Markdown table cell: '|' escaped, line ends as blanks, no raw HTML.
std::string escape_markdown(std::string_view text);

}  // namespace edgetran::report
