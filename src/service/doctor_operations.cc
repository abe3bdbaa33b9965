// doctor
#include <string>
#include <system_error>

#include "service/doctor/doctor.h"
#include "service/operations.h"

namespace edgetran::service {

namespace {

struct DoctorRequest {
  std::string folder = "devices";
  double limit_s = 30;
};

base::Result<Reply> doctor(Context& context, const DoctorRequest& request) {
  std::error_code code;
  DoctorOptions options;
  options.programs = context.programs;
  options.cache = context.cache;
  options.cards = request.folder;
  options.folder = std::filesystem::current_path(code);
  options.limit_s = request.limit_s;
  const Diagnosis diagnosis = diagnose(options);
  Reply reply;
  reply.data = base::Json::array();
  for (const DoctorCheck& check : diagnosis.checks) reply.data.push_back(check_json(check));
  reply.columns = {{"group", "group", Shown::kPlain},
                   {"name", "name", Shown::kPlain},
                   {"status", "status", Shown::kPlain},
                   {"seen", "seen", Shown::kPlain},
                   {"fix", "fix", Shown::kPlain}};
  reply.text = checks_text(diagnosis.checks, diagnosis.measures);
  if (!diagnosis.measures) reply.outcome = base::ErrorCategory::kDevice;
  return reply;
}

}  // namespace

std::vector<Operation> doctor_operations() {
  constexpr double kLeast_s = 0.1;
  constexpr double kMost_s = 600;
  base::Settings<DoctorRequest> settings;
  settings.string("folder", &DoctorRequest::folder, "Folder of device cards")
      .number("limit_s", &DoctorRequest::limit_s, kLeast_s, kMost_s, "s",
              "How long a program may take to answer");
  return {operation("doctor", "What works here, what is missing, and the line that mends it",
                    settings, {}, {}, doctor)};
}

}  // namespace edgetran::service
