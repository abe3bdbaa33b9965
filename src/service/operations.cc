#include "service/operations.h"

#include <algorithm>
#include <iterator>

namespace edgetran::service {

const std::vector<Operation>& operations() {
  static const std::vector<Operation> all = [] {
    std::vector<Operation> list;
    for (auto part :
         {doctor_operations, demo_operations, space_operations, model_operations,
          model_transfer_operations, model_exchange_operations, model_comparison_operations,
          data_operations, training_operations, glue_operations, device_operations,
          device_check_operations, measurement_operations, recheck_operations,
          comparison_operations, campaign_operations, study_operations}) {
      auto operations = part();
      std::ranges::move(operations, std::back_inserter(list));
    }
    return list;
  }();
  return all;
}

}  // namespace edgetran::service
