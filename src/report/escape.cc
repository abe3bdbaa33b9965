#include "report/escape.h"

namespace edgetran::report {

std::string escape_html(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::string escape_script_json(std::string_view json) {
  std::string escaped;
  escaped.reserve(json.size());
  // Both occur only inside JSON's strings, where the escapes mean the same.
  for (const char c : json) {
    if (c == '<')
      escaped += "\\u003c";
    else if (c == '&')
      escaped += "\\u0026";
    else
      escaped += c;
  }
  return escaped;
}

std::string escape_csv(std::string_view text) {
  std::string field;
  if (!text.empty() && std::string_view("=+-@\t").find(text[0]) != std::string_view::npos)
    field += '\'';
  field += text;
  if (field.find_first_of(",\"\r\n") == std::string::npos) return field;
  std::string quoted = "\"";
  for (const char c : field) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

std::string escape_markdown(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '|':
        escaped += "\\|";
        break;
      case '\\':
        escaped += "\\\\";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '\n':
      case '\r':
        escaped += ' ';
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

}  // namespace edgetran::report
