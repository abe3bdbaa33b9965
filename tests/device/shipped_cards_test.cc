#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>

#include "device/board.h"
#include "device/roofline.h"
#include "encoder/encoder.h"
#include "places.h"

namespace edgetran::device {
namespace {

const std::filesystem::path kSource = places::source();
const std::filesystem::path kAgent = places::programs() / "edgetran-agent";

std::vector<std::string> card_names() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(kSource / "devices")) {
    if (entry.path().extension() == ".yaml") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

Card read(const std::string& name) {
  auto card = read_card_file(kSource / "devices" / (name + ".yaml"));
  EXPECT_TRUE(card) << card.error().message;
  return card.value_or(Card());
}

CostSummary cost_of(const std::string& model, const Deployment& deployment) {
  const auto value =
      base::ConfigValue::read_file(kSource / "examples" / "models" / (model + ".json"));
  const auto spec = space::read_model_spec(*value);
  const auto graph =
      encoder::build_encoder(*spec, {.head = encoder::TaskHead::kClassifier, .labels = 2});
  return count_cost(*graph, {.batch = deployment.batch, .length = deployment.length});
}

struct Figures {
  double latency_s = 0, energy_j = 0;
};

Figures figures(const Card& card, const Deployment& deployment, const std::string& model) {
  const auto law = simulated_law(card.board.law, deployment, cost_of(model, deployment), 1, 1);
  EXPECT_TRUE(law) << law.error().message;
  const double watts = law->power ? law->power->run_w : 0;
  return {law->mean_s, law->mean_s * watts};
}

class ShippedCard : public ::testing::TestWithParam<std::string> {};

TEST_P(ShippedCard, IsReadAndWrittenBack) {
  const Card card = read(GetParam());
  EXPECT_EQ(card.board.name, GetParam());
  EXPECT_GE(card.deployments.size(), 2U);
  const auto again = read_card(*base::ConfigValue::parse_yaml(card_yaml(card), "card.yaml"));
  ASSERT_TRUE(again) << again.error().message << card_yaml(card);
  EXPECT_EQ(card_json(*again), card_json(card));
}

TEST_P(ShippedCard, SimulatesASmallModelOnEachDeployment) {
  const Card card = read(GetParam());
  const auto board = make_board(card, {.agent = kAgent, .agent_log = {}, .lease_wait_s = 60});
  for (const Deployment& deployment : card.deployments) {
    MeasureRequest request;
    request.model_bytes = "a model";
    request.cost = cost_of("bert-tiny", deployment);
    request.vocabulary = 100;
    request.deployment = deployment.name;
    base::NullSink sink;
    const auto measured = board->measure(request, sink, {});
    ASSERT_TRUE(measured) << deployment.name << ": " << measured.error().message;
    const double median_s = measured->record["latency"]["median_s"].get<double>();
    const double mean_s = figures(card, deployment, "bert-tiny").latency_s;
    // The session may see the clock fall, which is at most 1 / clock_share.
    EXPECT_GT(median_s, mean_s * 0.97) << deployment.name;
    EXPECT_LT(median_s, mean_s * 1.7) << deployment.name;
    EXPECT_EQ(measured->record["kind"], "modelled");
    // Sensors that renew their value a few times in a window of `quick` tell its energy.
    if (card.board.law.sensor && card.board.law.sensor->update_s <= 0.025) {
      const base::Json& energy = measured->record["energy"];
      ASSERT_TRUE(energy.is_object()) << deployment.name << base::dump_json(measured->record);
      EXPECT_EQ(energy["boundary"].get<std::string>(),
                profile::boundary_name(card.board.law.sensor->boundary));
      // The law's power over the measured latency, within what is stated and the noise's mean.
      const Figures expected = figures(card, deployment, "bert-tiny");
      const double power_w = expected.energy_j / expected.latency_s;
      const double gross_j = energy["gross_j"].get<double>();
      const double half_j = energy["gross_high_j"].get<double>() - gross_j;
      EXPECT_NEAR(gross_j, power_w * median_s, half_j + 0.05 * gross_j) << deployment.name;
    }
  }
}

TEST_P(ShippedCard, BertBaseCostsMoreThanBertTinyOnEachDeployment) {
  const Card card = read(GetParam());
  for (const Deployment& deployment : card.deployments) {
    const Figures tiny = figures(card, deployment, "bert-tiny");
    const Figures base = figures(card, deployment, "bert-base");
    EXPECT_GT(base.latency_s, 3 * tiny.latency_s) << deployment.name;
    EXPECT_GE(base.energy_j, 3 * tiny.energy_j) << deployment.name;
  }
}

TEST_P(ShippedCard, PowerStaysWithinTheBoardsBudget) {
  const Card card = read(GetParam());
  if (!card.board.law.power) GTEST_SKIP() << "a card without a power law";
  const PowerLaw& power = *card.board.law.power;
  for (const Deployment& deployment : card.deployments) {
    const auto law =
        simulated_law(card.board.law, deployment, cost_of("bert-base", deployment), 1, 1);
    const double most_w = power.idle_w + power.loaded_w + power.memory_w +
                          static_cast<double>(card.board.cores) * (power.core_w + power.compute_w);
    EXPECT_GT(law->power->run_w, law->power->loaded_w) << deployment.name;
    EXPECT_LE(law->power->run_w, most_w) << deployment.name;
    EXPECT_LE(law->power->throttled_w, law->power->run_w) << deployment.name;
  }
}

INSTANTIATE_TEST_SUITE_P(Devices, ShippedCard, ::testing::ValuesIn(card_names()),
                         [](const auto& tested) {
                           std::string name = tested.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

/// What is publicly known of BERT-Base at length 128 and a batch of one, in seconds; a card is
/// right within a factor of `within`.
struct Known {
  const char* card;
  const char* deployment;
  double latency_s;
  double within;
};
/// Names a case by what it is, not by where it lies in memory.
void PrintTo(const Known& known, std::ostream* out) {
  *out << known.card << ' ' << known.deployment;
}

class KnownFigure : public ::testing::TestWithParam<Known> {};

TEST_P(KnownFigure, IsMetByTheOrderOfMagnitude) {
  const Card card = read(GetParam().card);
  const auto deployment = card.deployment(GetParam().deployment);
  ASSERT_TRUE(deployment);
  const double latency_s = figures(card, *deployment, "bert-base").latency_s;
  EXPECT_GT(latency_s, GetParam().latency_s / GetParam().within);
  EXPECT_LT(latency_s, GetParam().latency_s * GetParam().within);
}

// 22 GFLOP a sequence. The A100's is TensorRT's in mixed precision; the others are what runtimes
// reach of the processors' peak by common experience: about a second on a Raspberry Pi 4, tens of
// milliseconds on a laptop.
INSTANTIATE_TEST_SUITE_P(BertBase, KnownFigure,
                         ::testing::Values(Known{"raspberry-pi-4", "cpu-4t-fp32", 1.2, 3},
                                           Known{"raspberry-pi-5", "cpu-4t-fp32", 0.3, 3},
                                           Known{"jetson-nano", "gpu-fp16", 0.1, 3},
                                           Known{"jetson-orin-nano", "gpu-fp16", 0.01, 3},
                                           Known{"intel-laptop", "cpu-4t-fp32", 0.1, 3},
                                           Known{"apple-m1", "cpu-4t-fp32", 0.08, 3},
                                           Known{"intel-ncs2", "vpu-fp16", 0.3, 5},
                                           Known{"nvidia-a100", "gpu-bf16", 0.002, 5}));

TEST(ShippedCards, RankTheBoardsAsTheyAre) {
  const auto latency = [](const char* name, const char* deployment) {
    const Card card = read(name);
    return figures(card, *card.deployment(deployment), "bert-base").latency_s;
  };
  EXPECT_LT(latency("nvidia-a100", "gpu-bf16"), latency("jetson-orin-nano", "gpu-fp16"));
  EXPECT_LT(latency("jetson-orin-nano", "gpu-fp16"), latency("jetson-nano", "gpu-fp16"));
  EXPECT_LT(latency("apple-m1", "cpu-4t-fp32"), latency("raspberry-pi-5", "cpu-4t-fp32"));
  EXPECT_LT(latency("raspberry-pi-5", "cpu-4t-fp32"), latency("raspberry-pi-4", "cpu-4t-fp32"));
}

}  // namespace
}  // namespace edgetran::device
