#include "named_policy.h"

#include "policy.h"

namespace busbar::payments {
namespace {

std::string leaf(const char* id, const char* action, const std::string& parameters = "") {
  return std::string(R"({"type":"action","node_id":")") + id + R"(","action":")" + action + "\"" +
         (parameters.empty() ? "" : ",\"parameters\":" + parameters) + "}";
}

std::string fork(const char* id, const char* op, const std::string& left, const std::string& right,
                 const std::string& yes, const std::string& no) {
  return std::string(R"({"type":"condition","node_id":")") + id + R"(","condition":{"op":")" + op + R"(","left":)" +
         left + ",\"right\":" + right + "},\"on_true\":" + yes + ",\"on_false\":" + no + "}";
}

std::string of_field(const char* name) { return std::string(R"({"field":")") + name + "\"}"; }
std::string of_number(int64_t number) { return "{\"value\":" + std::to_string(number) + "}"; }

std::string late_or(const std::string& rest) {
  return fork("late", "<=", of_field("ticks_to_deadline"), of_number(0), leaf("drop", "Drop"), rest);
}
std::string fundable_or_hold(const char* id, const char* release, const char* hold) {
  return fork(id, "<=", of_field("remaining_amount"), of_field("effective_liquidity"), leaf(release, "Release"),
              leaf(hold, "Hold", R"({"reason":{"value":"InsufficientLiquidity"}})"));
}

}  // namespace

std::string named_tree(const Place& place, int64_t& liquidity_buffer) {
  const size_t type = place.at("type").one_of(
      {"Fifo", "Deadline", "LiquidityAware", "LiquiditySplitting", "MockSplitting", "Inline", "FromJson", "InlineJson"},
      "policy");
  switch (type) {
    case 0:
      place.keys({"type"});
      return leaf("release", "Release");
    case 1: {
      place.keys({"type", "urgency_threshold"});
      const int64_t threshold = place.at("urgency_threshold").integer(0, 1'000'000);
      return late_or(fork("urgent", "<=", of_field("ticks_to_deadline"), of_number(threshold),
                          leaf("release", "Release"), leaf("hold", "Hold", R"({"reason":{"value":"NotUrgent"}})")));
    }
    case 2: {
      place.keys({"type", "target_buffer", "urgency_threshold"});
      liquidity_buffer = place.at("target_buffer").integer(0, 100'000'000'000'000);
      const int64_t threshold = place.at("urgency_threshold").integer(0, 1'000'000);
      const std::string left =
          R"({"compute":{"op":"-","left":{"field":"balance"},"right":{"field":"remaining_amount"}}})";
      const std::string calm =
          liquidity_buffer == 0
              ? fundable_or_hold("calm", "release_calm", "hold_calm")
              : fork("buffer", ">=", left, of_number(liquidity_buffer), leaf("release_calm", "Release"),
                     leaf("hold_calm", "Hold", R"({"reason":{"value":"LiquidityBuffer"}})"));
      return late_or(fork("urgent", "<=", of_field("ticks_to_deadline"), of_number(threshold),
                          fundable_or_hold("fundable", "release_urgent", "hold_urgent"), calm));
    }
    case 3: {
      place.keys({"type", "max_splits", "min_split_amount"});
      const std::string min = of_number(place.at("min_split_amount").integer(1, 1'000'000'000'000));
      const std::string max = of_number(place.at("max_splits").integer(2, kSplitsMax));
      const auto split = [&](const char* id, const std::string& parts) {
        return leaf(id, "Split", "{\"num_splits\":" + parts + ",\"min_split_amount\":" + min + "}");
      };
      const std::string parts = fork("soon", "<=", of_field("ticks_to_deadline"), of_number(5), split("split_max", max),
                                     split("split_two", of_number(2)));
      return late_or(fork("affordable", "<=", of_field("remaining_amount"), of_field("effective_liquidity"),
                          leaf("release", "Release"),
                          fork("money", ">", of_field("balance"), of_number(0), parts,
                               leaf("hold", "Hold", R"({"reason":{"value":"InsufficientLiquidity"}})"))));
    }
    case 4:
      place.keys({"type", "num_splits"});
      return leaf("split", "Split",
                  "{\"num_splits\":" + of_number(place.at("num_splits").integer(2, kSplitsMax)) + "}");
    case 5:
      place.keys({"type", "decision_trees"});
      return {};
    default:
      place.at("type").refuse(Code::bad_policy,
                              "the core reads no files and no texts inside of texts; give the tree "
                              "as {type: \"Inline\", decision_trees}");
  }
}

}  // namespace busbar::payments
