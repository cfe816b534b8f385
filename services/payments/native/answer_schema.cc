// What policies and costs may say, and whether a text says it.
#include "answer.h"
#include "payments/fields.h"
#include "payments/place.h"

namespace busbar::payments {
namespace {

using Texts = flatbuffers::Offset<flatbuffers::Vector<Text>>;

Texts texts(Answer& answer, std::initializer_list<std::string_view> list) {
  std::vector<Text> made;
  for (const std::string_view one : list) made.push_back(answer.text(one));
  return answer.builder.CreateVector(made);
}

Texts words(Answer& answer, std::string_view list) {
  std::vector<Text> made;
  while (!list.empty()) {
    const size_t end = std::min(list.find(' '), list.size());
    made.push_back(answer.text(list.substr(0, end)));
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return answer.builder.CreateVector(made);
}

template <class Fn>
void answer_validity(Answer& answer, Fn check) {
  uint64_t hash = 0;
  bool valid = true;
  try {
    hash = check();
  } catch (const Refusal& refusal) {
    valid = false;
    answer.item_fault(0, refusal.code, refusal.path, refusal.text);
  }
  answer.send(fb::CreateValidateReply(answer.builder, valid, answer.item_faults(), hash));
}

}  // namespace

void answer_policy_schema(Answer& answer) {
  if (answer.request<fb::SchemaRequest>() == nullptr) return;
  auto& builder = answer.builder;
  std::vector<flatbuffers::Offset<fb::FieldInfo>> fields;
  for (uint16_t field = 0; field < kFields; ++field) {
    const Text name = answer.text(field_name(field));
    const Text group = answer.text(field_group(field));
    fields.push_back(fb::CreateFieldInfo(builder, name, group, field_payment_only(field)));
  }
  std::vector<flatbuffers::Offset<fb::ActionInfo>> actions;
  for (const ActionRule& rule : action_rules()) {
    const Text name = answer.text(rule.name);
    const Text tree = answer.text(rule.trees);
    const Texts required = words(answer, rule.required);
    actions.push_back(fb::CreateActionInfo(builder, name, tree, required, words(answer, rule.optional)));
  }
  const Text version = answer.text("1.0");
  const auto field_list = builder.CreateVector(fields);
  const auto action_list = builder.CreateVector(actions);
  const Texts computations =
      texts(answer, {"+", "-", "*", "/", "max", "min", "ceil", "floor", "round", "abs", "clamp", "div0"});
  const Texts comparisons = texts(answer, {"==", "!=", "<", "<=", ">", ">="});
  const Texts policies =
      texts(answer, {"Fifo", "Deadline", "LiquidityAware", "LiquiditySplitting", "MockSplitting", "Inline"});
  answer.send(fb::CreatePolicySchemaReply(builder, version, field_list, action_list, computations, comparisons,
                                          policies, kTreeDepthMax));
}

void answer_cost_schema(Answer& answer) {
  if (answer.request<fb::SchemaRequest>() == nullptr) return;
  struct Row {
    const char* key;
    uint32_t scale;
    const char* unit;
    const char* about;
  };
  static constexpr Row kRows[] = {
      {"overdraft_bps_per_tick_e3", 1'000, "bps a tick", "of the credit in use"},
      {"delay_cost_per_tick_per_cent_e6", 1'000'000, "minor units a tick and minor unit",
       "of what waits in both queues"},
      {"collateral_cost_per_tick_bps_e6", 1'000'000, "bps a tick", "of the posted collateral"},
      {"liquidity_cost_per_tick_bps_e6", 1'000'000, "bps a tick", "of the liquidity allocated from the pool"},
      {"deadline_penalty.amount", 1, "minor units", "once, when a payment becomes overdue"},
      {"deadline_penalty.bps_per_event_e6", 1'000'000, "bps", "the same, of the payment's amount"},
      {"eod_penalty.amount", 1, "minor units", "at the end of a day, per payment due by then"},
      {"eod_penalty.bps_per_event_e6", 1'000'000, "bps", "the same, of what remains of it"},
      {"split_friction_cost", 1, "minor units", "per part beyond the first"},
      {"overdue_delay_multiplier_e3", 1'000, "factor", "on the delay of overdue payments"},
      {"priority_delay_multipliers_e3.urgent", 1'000, "factor", "on the delay of priorities 8..10"},
      {"priority_delay_multipliers_e3.normal", 1'000, "factor", "on the delay of priorities 4..7"},
      {"priority_delay_multipliers_e3.low", 1'000, "factor", "on the delay of priorities 0..3"},
  };
  std::vector<flatbuffers::Offset<fb::CostInfo>> list;
  for (const Row& row : kRows) {
    const Text key = answer.text(row.key);
    const Text unit = answer.text(row.unit);
    list.push_back(fb::CreateCostInfo(answer.builder, key, row.scale, unit, answer.text(row.about)));
  }
  answer.send(fb::CreateCostSchemaReply(answer.builder, answer.builder.CreateVector(list)));
}

void answer_validate_policy(Answer& answer) {
  const auto* const request = answer.request<fb::ValidatePolicyRequest>();
  if (request == nullptr) return;
  answer_validity(answer, [&]() -> uint64_t {
    read_policy(read_json(request->policy()->string_view()), "policy", {});
    return 0;
  });
}

void answer_validate_config(Answer& answer) {
  const auto* const request = answer.request<fb::ValidateConfigRequest>();
  if (request == nullptr) return;
  answer_validity(answer, [&] { return read_config(request->config()->string_view())->hash; });
}

}  // namespace busbar::payments
