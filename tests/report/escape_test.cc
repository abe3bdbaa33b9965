#include "report/escape.h"

#include <gtest/gtest.h>

#include "base/json.h"

namespace edgetran::report {
namespace {

TEST(Escape, HtmlMarkupBecomesText) {
  EXPECT_EQ(escape_html(R"(<a href="x">'&)"), "&lt;a href=&quot;x&quot;&gt;&#39;&amp;");
}

TEST(Escape, ScriptJsonCannotEndItsElementAndStaysTheSameValue) {
  const base::Json value = {{"text", "</script><!-- & ]]> 你"}};
  const std::string escaped = escape_script_json(base::dump_json(value));
  EXPECT_EQ(escaped.find('<'), std::string::npos);
  EXPECT_EQ(escaped.find('&'), std::string::npos);
  EXPECT_EQ(base::Json::parse(escaped), value);
}

TEST(Escape, CsvQuotesOnlyWhereItMust) {
  EXPECT_EQ(escape_csv("plain text"), "plain text");
  EXPECT_EQ(escape_csv("a,b"), "\"a,b\"");
  EXPECT_EQ(escape_csv("say \"x\"\n"), "\"say \"\"x\"\"\n\"");
}

TEST(Escape, CsvTextIsNeverAFormula) {
  EXPECT_EQ(escape_csv("=1+1"), "'=1+1");
  EXPECT_EQ(escape_csv("@name,"), "\"'@name,\"");
}

TEST(Escape, MarkdownCellStaysInItsCell) {
  EXPECT_EQ(escape_markdown("a|b\nc<i>\\"), "a\\|b c&lt;i>\\\\");
}

}  // namespace
}  // namespace edgetran::report
