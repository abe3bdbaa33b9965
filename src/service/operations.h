#pragma once

#include <vector>

#include "service/request.h"

// The operations of each part; operations() in operations.cc lists them all.
namespace edgetran::service {

std::vector<Operation> doctor_operations();
std::vector<Operation> space_operations();
std::vector<Operation> model_operations();
std::vector<Operation> model_transfer_operations();
std::vector<Operation> model_exchange_operations();
std::vector<Operation> model_comparison_operations();
std::vector<Operation> data_operations();
std::vector<Operation> training_operations();
std::vector<Operation> device_operations();
std::vector<Operation> measurement_operations();
std::vector<Operation> recheck_operations();
std::vector<Operation> comparison_operations();
std::vector<Operation> device_check_operations();
std::vector<Operation> campaign_operations();
std::vector<Operation> study_operations();
std::vector<Operation> demo_operations();
std::vector<Operation> glue_operations();

}  // namespace edgetran::service
