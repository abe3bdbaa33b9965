#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "service/campaign/campaign_results.h"
#include "service/request.h"

namespace edgetran::service {

/// What `edgetran profile status` is asked to show.
struct CampaignShown {
  std::string show = "measurements";  ///< one of shown_parts()
  std::string sort;   ///< a column of the table, "-column" for descending; empty: none
  int64_t rows = 20;  ///< of the overview's table; 0: all
};
const std::vector<std::string>& shown_parts();

/// The part asked for as rows; "measurements" also has the whole overview as text: progress,
/// verdicts, drift, reproducibility, the table and what its flags mean. "summary" is an object.
/// kUsage: a column to sort by that the part has not.
base::Result<Reply> campaign_reply(const CampaignState& state, const CampaignShown& shown);

/// Counts, verdicts, drift and reproducibility as JSON, a member a board.
base::Json summary_json(const CampaignState& state, const std::vector<BoardResults>& boards);
/// The same for people.
std::string summary_text(const CampaignState& state, const std::vector<BoardResults>& boards);

/// That, the first `most_rows` of `rows` (0: all; as "measurements" has them) and what their flags
/// mean.
std::string overview_text(const CampaignState& state, const std::vector<BoardResults>& boards,
                          const base::Json& rows, int64_t most_rows);

/// What a flag means, in a sentence; empty for one that is not known here.
std::string_view flag_meaning(std::string_view flag);

}  // namespace edgetran::service
