#include "cli/printer.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/units.h"

namespace edgetran::cli {

namespace {

using base::Json;
using service::Column;
using service::Shown;

std::string plain(const Json& value) {
  if (value.is_null()) return "";
  if (value.is_string()) return value.get<std::string>();
  return base::dump_json(value);
}

std::string figure(const Json& value, Shown shown) {
  if (!value.is_number()) return plain(value);
  switch (shown) {
    case Shown::kPlain:
      return plain(value);
    case Shown::kCount:
      return base::format_count(value.get<int64_t>());
    case Shown::kSeconds:
      return base::format_seconds(value.get<double>());
    case Shown::kBytes:
      return base::format_bytes(value.get<double>());
    case Shown::kPercent:
      return base::format_percent(value.get<double>());
    case Shown::kNumber:
      return fmt::format("{:.4g}", value.get<double>());
  }
  return plain(value);
}

/// Rows of text, the first being the headings.
struct Grid {
  std::vector<std::vector<std::string>> rows;
  std::vector<bool> right;  ///< columns of numbers are right-aligned
};

Grid grid_of_rows(const service::Reply& reply) {
  Grid grid;
  std::vector<std::string> headings;
  for (const auto& column : reply.columns) {
    headings.push_back(column.heading);
    grid.right.push_back(column.shown != Shown::kPlain);
  }
  grid.rows.push_back(std::move(headings));
  for (const auto& row : reply.data) {
    std::vector<std::string> cells;
    cells.reserve(reply.columns.size());
    for (const auto& column : reply.columns)
      cells.push_back(row.contains(column.key) ? figure(row.at(column.key), column.shown) : "");
    grid.rows.push_back(std::move(cells));
  }
  return grid;
}

/// An object as two columns; columns, where given, choose and name the fields.
Grid grid_of_object(const service::Reply& reply) {
  Grid grid{.rows = {{"", ""}}, .right = {false, false}};
  if (reply.columns.empty()) {
    for (const auto& [key, value] : reply.data.items()) grid.rows.push_back({key, plain(value)});
    return grid;
  }
  for (const auto& column : reply.columns)
    if (reply.data.contains(column.key))
      grid.rows.push_back({column.heading, figure(reply.data.at(column.key), column.shown)});
  return grid;
}

/// Columns on the terminal that UTF-8 text takes (continuation bytes take none).
size_t display_width(const std::string& text) {
  return static_cast<size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string aligned(const Grid& grid) {
  std::vector<size_t> widths(grid.right.size(), 0);
  for (const auto& row : grid.rows)
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], display_width(row[i]));
  std::string text;
  for (const auto& row : grid.rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      const std::string padding(widths[i] - display_width(row[i]), ' ');
      line += grid.right[i] ? padding + row[i] : row[i] + padding;
      if (i + 1 < row.size()) line += "  ";
    }
    line.erase(line.find_last_not_of(' ') + 1);
    if (!line.empty()) text += line + "\n";
  }
  return text;
}

std::string markdown(const Grid& grid) {
  std::string text;
  for (size_t r = 0; r < grid.rows.size(); ++r) {
    text += "|";
    for (std::string cell : grid.rows[r]) {
      for (size_t at = 0; (at = cell.find('|', at)) != std::string::npos; at += 2)
        cell.replace(at, 1, "\\|");
      text += " " + cell + " |";
    }
    text += "\n";
    if (r == 0) {
      text += "|";
      for (const bool right : grid.right) text += right ? " ---: |" : " --- |";
      text += "\n";
    }
  }
  return text;
}

std::string csv_cell(const std::string& cell) {
  if (cell.find_first_of(",\"\n\r") == std::string::npos) return cell;
  std::string quoted = "\"";
  for (const char c : cell) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

/// Every field of every row, plain numbers; the columns lead, other fields follow.
std::string csv(const service::Reply& reply) {
  const Json rows = reply.data.is_array() ? reply.data : Json::array({reply.data});
  std::vector<std::string> keys;
  const auto add_key = [&](const std::string& key) {
    if (std::ranges::find(keys, key) == keys.end()) keys.push_back(key);
  };
  for (const auto& column : reply.columns) add_key(column.key);
  for (const auto& row : rows)
    if (row.is_object())
      for (const auto& [key, value] : row.items()) add_key(key);
  std::string text;
  for (size_t i = 0; i < keys.size(); ++i) text += (i ? "," : "") + csv_cell(keys[i]);
  text += "\n";
  for (const auto& row : rows) {
    for (size_t i = 0; i < keys.size(); ++i)
      text += (i ? "," : "") +
              csv_cell(row.is_object() && row.contains(keys[i]) ? plain(row.at(keys[i])) : "");
    text += "\n";
  }
  return text;
}

std::string jsonl(const Json& data) {
  if (!data.is_array()) return base::dump_json(data) + "\n";
  std::string text;
  for (const auto& row : data) text += base::dump_json(row) + "\n";
  return text;
}

/// A reply with its rows as values, as any format.
std::string print_values(const service::Reply& reply, const std::string& format) {
  if (format == "json")
    return reply.data.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
  if (format == "jsonl") return jsonl(reply.data);
  if (format == "csv") return csv(reply);
  if (format == "table" && !reply.text.empty()) return reply.text;
  const Grid grid = reply.data.is_array() ? grid_of_rows(reply) : grid_of_object(reply);
  return format == "md" ? markdown(grid) : aligned(grid);
}

/// A reply of JSON lines as text; formats that look into rows parse them.
std::string print_json_rows(const service::Reply& reply, const std::string& format) {
  std::string text;
  if (format == "jsonl") {
    for (const auto& row : reply.json_rows) text.append(row).append("\n");
    return text;
  }
  if (format == "json") {
    for (const auto& row : reply.json_rows) text.append(text.empty() ? "[\n" : ",\n").append(row);
    return text + "\n]\n";
  }
  service::Reply parsed{.data = Json::array(), .columns = reply.columns, .text = {}, .outcome = {}};
  for (const auto& row : reply.json_rows) parsed.data.push_back(Json::parse(row));
  return print_values(parsed, format);
}

}  // namespace

std::string print_reply(const service::Reply& reply, const std::string& format) {
  return reply.json_rows.empty() ? print_values(reply, format) : print_json_rows(reply, format);
}

std::string print_error(const base::Error& error) {
  std::string text = "edgetran: " + error.message;
  if (!text.ends_with('\n')) text += '\n';
  if (!error.hint.empty()) text += "  " + error.hint + "\n";
  return text;
}

}  // namespace edgetran::cli
