#include <fmt/format.h>

#include "report/escape.h"
#include "report/page_assets.h"
#include "report/page_data.h"
#include "report/report.h"

namespace edgetran::report {

namespace {

// Beyond this a browser no longer opens the page in reasonable time.
constexpr size_t kLargestData = size_t{64} << 20;

// The policy lets the page run its own script and style and forbids every request.
constexpr std::string_view kPage = R"(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>{title} · EdgeTran report</title>
<style>
{style}</style>
</head>
<body>
<div id="page">
<noscript>This page draws with a script of its own. Without one, <code>edgetran report --format md</code> prints the same figures.</noscript>
</div>
<script type="application/json" id="data">{data}</script>
<script>
{script}</script>
</body>
</html>
)";

}  // namespace

base::Result<std::string> render_report(const store::StudyView& study,
                                        const ReportOptions& options) {
  const std::string data = base::dump_json(page_data(study, options));
  if (data.size() > kLargestData)
    return base::fail(base::ErrorCategory::kResource,
                      fmt::format("the report's data would be {} bytes; at most {} are allowed",
                                  data.size(), kLargestData),
                      "use --format csv for a study of this size");
  return fmt::format(fmt::runtime(kPage), fmt::arg("title", escape_html(study.name)),
                     fmt::arg("style", page_style()), fmt::arg("data", escape_script_json(data)),
                     fmt::arg("script", page_script()));
}

}  // namespace edgetran::report
