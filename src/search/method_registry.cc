#include <fmt/format.h>

#include <algorithm>

#include "search/method.h"
#include "search/random_halving.h"

namespace edgetran::search {
namespace {

base::Result<std::unique_ptr<Method>> make_random(base::ConfigMap& settings, MethodInput input) {
  EDGETRAN_ASSIGN(RandomHalvingSettings read, read_random_halving(settings));
  return RandomHalving::create(read, std::move(input));
}

}  // namespace

const std::vector<MethodInfo>& methods() {
  static const std::vector<MethodInfo> kMethods = {
      {"random", "random encoders, successive halving over training tokens", make_random},
  };
  return kMethods;
}

base::Result<std::unique_ptr<Method>> make_method(const base::ConfigValue& settings,
                                                  MethodInput input) {
  EDGETRAN_ASSIGN(base::ConfigMap map, base::ConfigMap::of(settings));
  const MethodInfo* method = &methods().front();
  if (const auto given = map.find("method")) {
    std::vector<std::string> names;
    for (const MethodInfo& info : methods()) names.push_back(info.name);
    EDGETRAN_ASSIGN(const std::string name, given->as_choice(names));
    method = &*std::ranges::find(methods(), name, &MethodInfo::name);
  }
  EDGETRAN_ASSIGN(std::unique_ptr<Method> made, method->make(map, std::move(input)));
  EDGETRAN_TRY(map.finish());
  return made;
}

}  // namespace edgetran::search
