#include "profile/agent.h"

#include <gtest/gtest.h>

#include <cstring>

#include "base/hash.h"
#include "profile/fake_runtime.h"
#include "profile/recheck.h"
#include "profile/runtimes/simulated/simulated_runtime.h"

namespace edgetran::profile {
namespace {

using base::ErrorCategory;
using base::Json;

/// The fake runtime as one that really measures: 10 ms a run, outputs are its inputs.
class FakeFactory final : public RuntimeFactory {
 public:
  RuntimeInfo info() const override {
    RuntimeInfo info;
    info.name = "fake";
    info.version = "7";
    return info;
  }
  base::Result<std::unique_ptr<Runtime>> create() const override {
    return std::make_unique<testing::FakeRuntime>([](int) { return 0.01; });
  }
};

class AgentTest : public ::testing::Test {
 protected:
  AgentTest() : agent_(options(), clock_), session_(agent_.service()) {
    ask("hello", {{"protocol", 1},
                  {"oldest", 1},
                  {"program", "t"},
                  {"version", "1"},
                  {"service", "agent"},
                  {"capabilities", Json::array()}});
  }

  static AgentOptions options() {
    AgentOptions options;
    options.runtimes.push_back(simulated::make_factory());
    options.runtimes.push_back(std::make_unique<FakeFactory>());
    options.runtimes.push_back(unavailable_runtime("absent", "built without it", "build it"));
    options.model_bytes = 1000;
    return options;
  }

  wire::Message ask(const std::string& verb, Json body = Json::object(), std::string blob = {}) {
    return session_.answer({++id_, verb, std::move(body), std::move(blob)}, sink_, {});
  }
  static std::string category(const wire::Message& reply) {
    return reply.json.value("/error/category"_json_pointer, std::string());
  }

  Json latency_request(const std::string& runtime) const {
    Json body = {{"mode", "latency"},
                 {"model", base::sha256_hex("model")},
                 {"runtime", runtime},
                 {"device", "board"},
                 {"deployment", "one"},
                 {"precision", "fp32"},
                 {"threads", 1},
                 {"batch", 1},
                 {"length", 8},
                 {"vocabulary", 10},
                 {"seed", 4}};
    if (runtime == "simulated") {
      body["law"] = {
          {"mean_s", 0.02}, {"noise_share", 0.01}, {"load_s", 1}, {"memory_bytes", 5}, {"seed", 2}};
    }
    return body;
  }

  void put_model() { ask("put", {{"sha256", base::sha256_hex("model")}}, "model"); }

  base::ManualClock clock_;
  base::NullSink sink_;
  Agent agent_;
  wire::Session session_;
  int64_t id_ = 0;
};

TEST_F(AgentTest, HasExactlyItsVerbs) {
  EXPECT_EQ(agent_.service().verbs(),
            (std::vector<std::string>{"hello", "cancel", "bye", "capabilities", "lease", "put",
                                      "measure", "fetch"}));
}

TEST_F(AgentTest, CapabilitiesNameRuntimesAndWhatIsMissing) {
  const Json json = ask("capabilities").json;
  ASSERT_EQ(json["ok"], true);
  EXPECT_EQ(json["runtimes"][0]["kind"], "modelled");
  EXPECT_EQ(json["runtimes"][2]["available"], false);
  EXPECT_EQ(json["runtimes"][2]["reason"], "built without it");
}

TEST_F(AgentTest, AModelIsKeptUnderItsTrueHashOnly) {
  const std::string sha256 = base::sha256_hex("model");
  EXPECT_EQ(ask("put", {{"sha256", sha256}}).json["present"], false);
  EXPECT_EQ(category(ask("put", {{"sha256", sha256}}, "other bytes")), "corrupt");
  EXPECT_EQ(ask("put", {{"sha256", sha256}}, "model").json["present"], true);
  EXPECT_EQ(ask("put", {{"sha256", sha256}}).json["present"], true);
}

TEST_F(AgentTest, ModelsBeyondTheLimitPushOutTheOldest) {
  const std::string first(600, 'a');
  const std::string second(600, 'b');
  const std::string large(1001, 'c');
  EXPECT_EQ(ask("put", {{"sha256", base::sha256_hex(first)}}, first).json["ok"], true);
  EXPECT_EQ(ask("put", {{"sha256", base::sha256_hex(second)}}, second).json["ok"], true);
  EXPECT_EQ(ask("put", {{"sha256", base::sha256_hex(first)}}).json["present"], false);
  EXPECT_EQ(category(ask("put", {{"sha256", base::sha256_hex(large)}}, large)), "resource");
}

TEST_F(AgentTest, MeasuringNeedsALeaseAndRealMeasuringAnExclusiveOne) {
  put_model();
  EXPECT_EQ(category(ask("measure", latency_request("simulated"))), "usage");
  ask("lease", {{"seconds", 10}, {"exclusive", false}});
  EXPECT_EQ(ask("measure", latency_request("simulated")).json["ok"], true);
  EXPECT_EQ(category(ask("measure", latency_request("fake"))), "usage");
  ask("lease", {{"seconds", 10}});
  EXPECT_EQ(ask("measure", latency_request("fake")).json["ok"], true);
}

TEST_F(AgentTest, ALeaseRunsOutUnlessItIsRenewed) {
  put_model();
  ask("lease", {{"seconds", 10}});
  clock_.advance(9);
  EXPECT_EQ(ask("lease").json["ok"], true);
  clock_.advance(9);
  EXPECT_EQ(ask("measure", latency_request("fake")).json["ok"], true);
  clock_.advance(2);
  EXPECT_EQ(category(ask("measure", latency_request("fake"))), "usage");
}

TEST_F(AgentTest, AConvertedModelIsFetchedByItsHashes) {
  put_model();
  const Json request = {
      {"mode", "convert"}, {"model", base::sha256_hex("model")}, {"runtime", "fake"}};
  EXPECT_EQ(category(ask("measure", request)), "usage");
  ask("lease", {{"seconds", 10}, {"exclusive", false}});
  const Json reply = ask("measure", request).json;
  ASSERT_EQ(reply["ok"], true) << reply;
  ASSERT_EQ(reply["files"].size(), 2U);
  EXPECT_EQ(reply["files"][0]["name"], "model.a");
  EXPECT_EQ(reply["files"][1]["bytes"], 5);
  EXPECT_EQ(ask("fetch", {{"sha256", reply["files"][0]["sha256"]}}).blob, "description");
  EXPECT_EQ(ask("fetch", {{"sha256", reply["files"][1]["sha256"]}}).blob, "model");
}

TEST_F(AgentTest, ConvertingNeedsTheModelAndARuntimeWithAFormat) {
  ask("lease", {{"seconds", 10}});
  Json request = {{"mode", "convert"}, {"model", base::sha256_hex("model")}, {"runtime", "fake"}};
  EXPECT_EQ(category(ask("measure", request)), "not_found");
  put_model();
  request["runtime"] = "simulated";
  EXPECT_EQ(category(ask("measure", request)), "device");
  request["batch"] = 1;
  EXPECT_EQ(category(ask("measure", request)), "usage");
}

TEST_F(AgentTest, RenewingWithoutALeaseIsRefused) {
  EXPECT_EQ(category(ask("lease")), "usage");
  EXPECT_EQ(category(ask("lease", {{"seconds", 0.1}})), "usage");
}

TEST_F(AgentTest, AMeasuredRecordHasTheFixedForm) {
  put_model();
  ask("lease", {{"seconds", 10}});
  const Json record = ask("measure", latency_request("fake")).json["record"];
  EXPECT_EQ(record["kind"], "measured");
  EXPECT_EQ(record["profile"], "quick");
  EXPECT_EQ(record["device"], "board");
  EXPECT_EQ(record["deployment"], "one");
  EXPECT_NEAR(record["latency"]["median_s"].get<double>(), 0.01, 1e-9);
  for (const char* key : {"low_s", "high_s", "p90_s", "n", "load_s", "first_s"}) {
    EXPECT_TRUE(record["latency"][key].is_number()) << key;
  }
  EXPECT_TRUE(record["latency"]["p99_s"].is_null());
  EXPECT_TRUE(record["energy"].is_null());
  EXPECT_TRUE(record["power"].is_null());
  EXPECT_NE(record["reason"].get<std::string>().find("no power sensor"), std::string::npos);
  EXPECT_EQ(record["memory"]["model_bytes"], 5);
  EXPECT_EQ(record["provenance"]["seed"], 4);
  EXPECT_EQ(record["provenance"]["runtime_version"], "7");
  EXPECT_EQ(record["provenance"]["model_sha256"], base::sha256_hex("model"));
  EXPECT_FALSE(record["provenance"]["host"]["processor"].get<std::string>().empty());
}

TEST_F(AgentTest, AModelledRecordIsTheSameEveryTime) {
  ask("lease", {{"seconds", 10}, {"exclusive", false}});
  const Json first = ask("measure", latency_request("simulated")).json["record"];
  clock_.advance(1);
  const Json second = ask("measure", latency_request("simulated")).json["record"];
  EXPECT_EQ(first["kind"], "modelled");
  EXPECT_EQ(base::dump_json(first), base::dump_json(second));
}

TEST_F(AgentTest, TheRawSamplesRecomputeTheRecord) {
  ask("lease", {{"seconds", 10}, {"exclusive", false}});
  const Json record = ask("measure", latency_request("simulated")).json["record"];
  const wire::Message raw = ask("fetch", {{"sha256", record["raw"]["sha256"]}});
  EXPECT_EQ(base::sha256_hex(raw.blob), record["raw"]["sha256"]);
  const auto differences = recheck(record, raw.blob);
  ASSERT_TRUE(differences) << differences.error().message;
  EXPECT_TRUE(differences->empty()) << differences->front();
}

TEST_F(AgentTest, OutputsOfGivenInputsAreFetched) {
  put_model();
  ask("lease", {{"seconds", 10}});
  const Tensor ids{{"input_ids", TensorType::kInt64, {3, 8}}, std::string(192, 'i')};
  Json body = latency_request("fake");
  for (const char* key : {"vocabulary", "seed"}) body.erase(key);
  body["mode"] = "outputs";
  const wire::Message reply = ask("measure", body, encode_tensors({ids}));
  ASSERT_EQ(reply.json["ok"], true) << base::dump_json(reply.json);
  const wire::Message fetched = ask("fetch", {{"sha256", reply.json["outputs"]["sha256"]}});
  const auto outputs = decode_tensors(fetched.blob);
  ASSERT_TRUE(outputs);
  EXPECT_EQ((*outputs)[0].data, ids.data);
}

TEST_F(AgentTest, WrongRequestsAreNamedErrors) {
  put_model();
  ask("lease", {{"seconds", 10}});
  Json body = latency_request("fake");
  body["treads"] = 2;
  const wire::Message unknown = ask("measure", body);
  EXPECT_EQ(category(unknown), "usage");
  EXPECT_NE(base::dump_json(unknown.json).find("threads"), std::string::npos);
  EXPECT_EQ(category(ask("measure", latency_request("absent"))), "device");
  EXPECT_EQ(category(ask("measure", latency_request("fakee"))), "device");
  body = latency_request("fake");
  body["threads"] = 1024;
  EXPECT_EQ(category(ask("measure", body)), "usage");
  body = latency_request("fake");
  body["model"] = base::sha256_hex("another");
  EXPECT_EQ(category(ask("measure", body)), "not_found");
  body["model"] = "../../etc/passwd";
  EXPECT_EQ(category(ask("measure", body)), "usage");
  EXPECT_EQ(category(ask("fetch", {{"sha256", "0"}})), "not_found");
}

TEST(Lease, IsExclusiveAcrossProcessesByItsLockFile) {
  const auto folder = std::move(*base::TemporaryFolder::create("lease-test"));
  base::ManualClock clock;
  Lease one(clock, folder.path() / "lock");
  Lease two(clock, folder.path() / "lock");
  ASSERT_TRUE(one.take(10, true));
  const auto refused = two.take(10, true);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().category, ErrorCategory::kResource);
  EXPECT_TRUE(two.take(10, false));
  clock.advance(11);
  EXPECT_FALSE(one.holds());
  EXPECT_TRUE(two.take(10, true));
}

TEST(TensorBlob, RoundTripsInTheLayoutOfSafetensors) {
  const Tensor a{{"a", TensorType::kFloat32, {2, 1}}, std::string(8, 'x')};
  const Tensor b{{"b", TensorType::kInt64, {}}, std::string(8, 'y')};
  const std::string blob = encode_tensors({a, b});
  uint64_t header = 0;
  std::memcpy(&header, blob.data(), 8);
  const auto json = base::parse_json(std::string_view(blob).substr(8, header), "header");
  ASSERT_TRUE(json);
  EXPECT_EQ((*json)["a"], (Json{{"dtype", "F32"}, {"shape", {2, 1}}, {"data_offsets", {0, 8}}}));
  const auto back = decode_tensors(blob);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ((*back)[1].data, b.data);
  EXPECT_EQ((*back)[0].info.shape, a.info.shape);
}

TEST(TensorBlob, EveryWrongBoundIsCorrupt) {
  const auto blob = [](const std::string& header, size_t data) {
    std::string bytes(8, '\0');
    const uint64_t length = header.size();
    std::memcpy(bytes.data(), &length, 8);
    return bytes + header + std::string(data, 'd');
  };
  std::string terabyte = blob("{}", 0);
  terabyte[5] = 1;
  for (const std::string& bytes :
       {std::string("short"), terabyte, blob("{", 0), blob("[]", 0), blob("{}", 1),
        blob(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}})", 4),
        blob(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", 3),
        blob(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})", 8),
        blob(R"({"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}})", 4),
        blob(R"({"a":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}})", 8),
        blob(R"({"a":{"dtype":"F32","shape":[1099511627776,1099511627776],"data_offsets":[0,0]}})",
             0),
        blob(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},
                 "b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
             4)}) {
    const auto tensors = decode_tensors(bytes);
    ASSERT_FALSE(tensors) << bytes.substr(0, 100);
    EXPECT_EQ(tensors.error().category, ErrorCategory::kCorrupt);
  }
}

}  // namespace
}  // namespace edgetran::profile
