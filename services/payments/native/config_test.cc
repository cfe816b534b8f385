// The canonical config: every key reaches the core, nothing unknown does, and refusals say where.
#include "payments/config.h"

#include <gtest/gtest.h>

#include <functional>

#include "payments/fault.h"
#include "testing/scenes.h"

namespace busbar::payments {
namespace {

/// A scene in which every optional object is present, so that every key can be walked.
testing::Scene full_scene() {
  testing::Scene scene = testing::banks(3, 1'000, testing::arrivals(1, 10, 20),
                                        R"({"type":"LiquidityAware","target_buffer":5,"urgency_threshold":3})");
  for (testing::SceneAgent& agent : scene.agents) agent.capacity = 1'000;
  scene.agents[0].cap = 100;
  scene.agents[0].collateral = 50;
  scene.agents[0].pool = 500;
  scene.agents[0].allocation_ppm = 250'000;
  scene.agents[0].limits = R"({"bilateral_limits":{"BANK_0001":900},"multilateral_limit":1500})";
  scene.agents[0].arrivals.replace(scene.agents[0].arrivals.find("{}"), 2, R"({"BANK_0002":2.5})");
  scene.agents[1].arrivals = "null";
  const std::string band =
      R"({"rate_per_tick":0.5,"amount_distribution":{"type":"LogNormal","mean":100.5,"std_dev":20},)"
      R"("counterparty_weights":{},"deadline_range":[2,4],"divisible":false})";
  scene.agents[1].bands = "{\"urgent\":" + band + ",\"normal\":" + band + ",\"low\":" + band + "}";
  scene.agents[1].policy = R"({"type":"LiquiditySplitting","max_splits":4,"min_split_amount":10})";
  scene.scenario = {
      R"({"type":"DirectTransfer","from_agent":"BANK_0000","to_agent":"BANK_0001","amount":10,"schedule":{"type":"OneTime","tick":4}})",
      R"({"type":"CustomTransactionArrival","from_agent":"BANK_0000","to_agent":"BANK_0001","amount":10,"priority":5,"deadline":4,"is_divisible":true,"schedule":{"type":"Repeating","start_tick":4,"interval":3}})",
      R"({"type":"DeadlineWindowChange","min_ticks_multiplier":0.5,"max_ticks_multiplier":2,"schedule":{"type":"OneTime","tick":4}})",
      R"({"type":"CounterpartyWeightChange","agent":"BANK_0000","counterparty":"BANK_0001","new_weight":0.5,"auto_balance_others":true,"schedule":{"type":"OneTime","tick":4}})"};
  return scene;
}

Refusal refusal_of(const std::string& text) {
  try {
    read_config(text);
  } catch (const Refusal& refusal) {
    return refusal;
  }
  return Refusal(Code::none, "", "it was accepted");
}

/// Calls fn(path, value) for every value below an object or list.
template <class Fn>
void walk(Json& json, const std::string& path, const Fn& fn) {
  for (auto& [key, value] : json.members) {
    fn(path + "." + key, value);
    walk(value, path + "." + key, fn);
  }
  for (size_t i = 0; i < json.items.size(); ++i) {
    fn(path + "[" + std::to_string(i) + "]", json.items[i]);
    walk(json.items[i], path + "[" + std::to_string(i) + "]", fn);
  }
}

/// Another value of the same kind that the key allows as well; false when there is none.
bool vary(Json& value) {
  switch (value.kind) {
    case Json::Kind::boolean:
      value.boolean = !value.boolean;
      return true;
    case Json::Kind::integer:
      value.magnitude += 1;
      return true;
    case Json::Kind::real:
      value.real += 0.25;
      return true;
    case Json::Kind::text:
      for (const auto& [from, to] :
           {std::pair{"fifo", "priority_deadline"}, {"none", "fifo"}, {"per_agent", "single"}}) {
        if (value.text != from) continue;
        value.text = to;
        return true;
      }
      return false;
    default:
      return false;
  }
}

TEST(Config, EveryKeyReachesTheCore) {
  const std::string text = full_scene().json();
  const auto base = read_config(text);
  uint32_t changed = 0;
  std::vector<std::string> paths;
  Json json = read_json(text);
  walk(json, "", [&](const std::string& path, Json& value) {
    const Json before = value;
    if (!vary(value)) return;
    paths.push_back(path);
    std::shared_ptr<const Config> other;
    try {
      other = read_config(canonical(json));
    } catch (const Refusal&) {
      // A pair of ends, or a value at its bound: one less instead.
      value = before;
      if (value.kind == Json::Kind::integer && value.magnitude > 0) value.magnitude -= 1;
      try {
        other = read_config(canonical(json));
      } catch (const Refusal& refusal) {
        ADD_FAILURE() << path << ": " << refusal.text;
      }
    }
    if (other != nullptr) {
      EXPECT_NE(other->hash, base->hash) << path;
      changed += 1;
    }
    value = before;
  });
  EXPECT_GT(changed, 100u);
}

TEST(Config, EveryMissingOrUnknownKeyIsRefusedWithItsPath) {
  const std::string text = full_scene().json();
  Json json = read_json(text);
  uint32_t tried = 0;
  const auto break_each = [&](const auto& self, Json& object, const std::string& path) -> void {
    // Maps from banks to numbers have no fixed keys.
    const bool is_map = path.ends_with("counterparty_weights") || path.ends_with("bilateral_limits");
    if (object.kind == Json::Kind::object && !is_map) {
      for (size_t i = 0; i < object.members.size(); ++i) {
        auto member = object.members[i];
        object.members.erase(object.members.begin() + static_cast<ptrdiff_t>(i));
        const Refusal refusal = refusal_of(canonical(json));
        EXPECT_TRUE(refusal.code == Code::missing_key || refusal.code == Code::unknown_key)
            << path << "." << member.first << ": " << refusal.text;
        object.members.insert(object.members.begin() + static_cast<ptrdiff_t>(i), member);
        object.members[i].first += "x";
        const Refusal unknown = refusal_of(canonical(json));
        EXPECT_TRUE(unknown.code == Code::unknown_key || unknown.code == Code::missing_key) << unknown.text;
        if (unknown.code == Code::unknown_key) {
          EXPECT_NE(unknown.text.find("did you mean '" + member.first + "'"), std::string::npos) << unknown.text;
        }
        object.members[i].first = member.first;
        tried += 1;
      }
    }
    for (auto& [key, value] : object.members) self(self, value, path.empty() ? key : path + "." + key);
    for (Json& item : object.items) self(self, item, path + "[]");
  };
  break_each(break_each, json, "");
  EXPECT_GT(tried, 120u);
  EXPECT_EQ(refusal_of(canonical(json)).code, Code::none);
}

TEST(Config, RefusesWithPathBothValuesAndACure) {
  const auto refused = [](const std::function<void(testing::Scene&)>& change, Code code, const char* path) {
    testing::Scene scene = full_scene();
    change(scene);
    const Refusal refusal = refusal_of(scene.json());
    EXPECT_EQ(static_cast<int>(refusal.code), static_cast<int>(code)) << refusal.text;
    EXPECT_EQ(refusal.path, path) << refusal.text;
    EXPECT_TRUE(refusal.text.starts_with(path)) << refusal.text;
  };
  using S = testing::Scene;
  refused([](S& s) { s.agents[1].id = "BANK_0000"; }, Code::duplicate, "agents[1].id");
  refused([](S& s) { s.agents[0].limits = R"({"bilateral_limits":{"BANK_0009":1},"multilateral_limit":null})"; },
          Code::unknown_name, "agents[0].limits.bilateral_limits.BANK_0009");
  refused([](S& s) { s.agents[2].arrivals = testing::arrivals(1, 20, 10); }, Code::out_of_range,
          "agents[2].arrival_config.amount_distribution.max");
  refused([](S& s) { s.agents[2].arrivals = testing::arrivals(1, 1, 10, 9, 5); }, Code::out_of_range,
          "agents[2].arrival_config.deadline_range[1]");
  refused(
      [](S& s) {
        s.agents[2].arrivals =
            testing::arrivals(1, 1, 10, 1, 5, R"({"type":"categorical","values":[1],"weights":[0]})");
      },
      Code::out_of_range, "agents[2].arrival_config.priority.weights");
  refused([](S& s) { s.agents[2].bands = s.agents[1].bands; }, Code::conflict, "agents[2].arrival_bands");
  refused([](S& s) { s.agents[0].balance = -150; }, Code::out_of_range, "agents[0].opening_balance");
  refused([](S& s) { s.agents[0].collateral = 5'000; }, Code::out_of_range, "agents[0].posted_collateral");
  refused([](S& s) { s.agents[0].policy = R"({"type":"FromJson","json_path":"x"})"; }, Code::bad_policy,
          "agents[0].policy.type");
  refused([](S& s) { s.days = 20'000; }, Code::out_of_range, "simulation.num_days");
  refused([](S& s) { s.scenario[0].replace(s.scenario[0].find("BANK_0001"), 9, "BANK_0000"); }, Code::conflict,
          "scenario_events[0].to_agent");
  refused(
      [](S& s) {
        s.agents.clear();
        s.scenario.clear();
      },
      Code::out_of_range, "agents");
  // All weights 0: nobody is left to pay.
  refused(
      [](S& s) {
        s.agents[2].arrivals.replace(s.agents[2].arrivals.find("{}"), 2, R"({"BANK_0000":0,"BANK_0001":0})");
      },
      Code::out_of_range, "agents[2].arrival_config.counterparty_weights");
  EXPECT_EQ(refusal_of("{\"simulation\":{},\"simulation\":{}}").code, Code::duplicate);
  EXPECT_EQ(refusal_of("{").code, Code::malformed);
  EXPECT_EQ(refusal_of("[]").code, Code::type_mismatch);
}

TEST(Config, TheTextIsCanonicalAndTheSeedReplaceable) {
  const std::string text = full_scene().json();
  const auto base = read_config(text);
  EXPECT_EQ(read_config(base->text)->text, base->text);
  std::string spaced;
  for (const char c : text) {
    spaced.push_back(c);
    if (c == ',' || c == '{' || c == ':') spaced += " \n\t";
  }
  EXPECT_EQ(read_config(spaced)->hash, base->hash);
  testing::Scene other = full_scene();
  other.seed = 18'446'744'073'709'551'615ull;
  const auto read = read_config(other.json());
  const auto made = with_seed(base, other.seed);
  EXPECT_EQ(made->text, read->text);
  EXPECT_EQ(made->hash, read->hash);
  EXPECT_EQ(made->seed, read->seed);
}

TEST(Json, PrintsNumbersAsJavaScriptDoes) {
  const std::pair<double, const char*> numbers[] = {{0.0, "0"},
                                                    {-0.0, "0"},
                                                    {5, "5"},
                                                    {-1.5, "-1.5"},
                                                    {0.1, "0.1"},
                                                    {1e21, "1e+21"},
                                                    {1e20, "100000000000000000000"},
                                                    {123456789012345680000.0, "123456789012345680000"},
                                                    {1e-6, "0.000001"},
                                                    {1e-7, "1e-7"},
                                                    {1.25e-9, "1.25e-9"},
                                                    {5e-324, "5e-324"},
                                                    {1.7976931348623157e308, "1.7976931348623157e+308"},
                                                    {0.3, "0.3"},
                                                    {2.5, "2.5"},
                                                    {1e300, "1e+300"}};
  for (const auto& [value, text] : numbers) EXPECT_EQ(number_text(value), text);
}

TEST(Json, ReadsStrictly) {
  for (const char* bad : {"",    "{",     "[1,]",     "{\"a\":1,}",  "01",    "1.",  ".5",        "+1",
                          "1e",  "nul",   "\"\\x\"",  "\"\\ud800\"", "\"a",   "1 2", "{\"a\" 1}", "{a:1}",
                          "'a'", "1e999", "\"\x01\"", "--1",         "[1 2]", "NaN", "Infinity"}) {
    EXPECT_THROW(read_json(bad), Refusal) << bad;
  }
  EXPECT_EQ(canonical(read_json(R"( {"b" : [1, 2.50, -0, true, null], "a":"\u0041\ud83d\ude00\n"} )")),
            "{\"a\":\"A\xF0\x9F\x98\x80\\n\",\"b\":[1,2.5,0,true,null]}");
  EXPECT_EQ(canonical(read_json("18446744073709551615")), "18446744073709551615");
  EXPECT_THROW(read_json(std::string(600, '[') + std::string(600, ']')), Refusal);
}

}  // namespace
}  // namespace busbar::payments
