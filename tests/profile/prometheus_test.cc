#include "profile/prometheus.h"

#include <gtest/gtest.h>

#include <cmath>

namespace edgetran::profile {
namespace {

TEST(Prometheus, FiguresWithTheirLabels) {
  SensorFigures gauge;
  gauge.info.driver = "ina219";
  gauge.info.channel = "1-0041";
  gauge.info.domain = "the \"5 V\" rail\\\n";
  gauge.info.boundary = Boundary::kBoardInput;
  gauge.power_w = 12.5;
  SensorFigures counter;
  counter.info.driver = "nvml";
  counter.info.channel = "GPU-0";
  counter.info.domain = "H100";
  counter.info.boundary = Boundary::kAccelerator;
  counter.energy_j = 1234.25;
  counter.power_w = std::nan("");
  EXPECT_EQ(prometheus_text({gauge, counter}),
            "# HELP edgetran_power_watts Power at the sensor's last reading.\n"
            "# TYPE edgetran_power_watts gauge\n"
            "edgetran_power_watts{driver=\"ina219\",channel=\"1-0041\","
            "domain=\"the \\\"5 V\\\" rail\\\\\\n\",boundary=\"board-input\"} 12.5\n"
            "# HELP edgetran_energy_joules_total Energy that the sensor has counted.\n"
            "# TYPE edgetran_energy_joules_total counter\n"
            "edgetran_energy_joules_total{driver=\"nvml\",channel=\"GPU-0\",domain=\"H100\","
            "boundary=\"accelerator\"} 1234.25\n");
}

}  // namespace
}  // namespace edgetran::profile
