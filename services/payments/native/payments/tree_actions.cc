// Actions of decision trees: which there are, in which trees, with which parameters.
#include <algorithm>

#include "tree_reader.h"

namespace busbar::payments {

namespace {

std::vector<std::string_view> words(std::string_view text) {
  std::vector<std::string_view> list;
  while (!text.empty()) {
    const size_t end = std::min(text.find(' '), text.size());
    if (end > 0) list.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return list;
}

}  // namespace

const std::vector<ActionRule>& action_rules() {
  static const std::vector<ActionRule> rules = {
      {"Release", ActionKind::release, "payment", "", "priority_flag timed_for_tick"},
      {"ReleaseWithCredit", ActionKind::release_with_credit, "payment", "", "priority_flag timed_for_tick"},
      {"PaceAndRelease", ActionKind::pace_and_release, "payment", "num_splits", "min_split_amount"},
      {"Split", ActionKind::split, "payment", "num_splits", "min_split_amount"},
      {"StaggerSplit", ActionKind::stagger_split, "payment",
       "num_splits stagger_first_now stagger_gap_ticks priority_boost_children", "min_split_amount"},
      {"Hold", ActionKind::hold, "payment", "", "reason"},
      {"Drop", ActionKind::drop, "payment", "", ""},
      {"Reprioritize", ActionKind::reprioritize, "payment", "new_priority", ""},
      {"WithdrawFromRtgs", ActionKind::withdraw_from_rtgs, "payment", "", "reason"},
      {"ResubmitToRtgs", ActionKind::resubmit_to_rtgs, "payment", "rtgs_priority", "reason"},
      {"SetReleaseBudget", ActionKind::set_release_budget, "bank", "max_value_to_release",
       "focus_counterparties max_per_counterparty"},
      {"SetState", ActionKind::set_state, "bank", "key value", "reason"},
      {"AddState", ActionKind::add_state, "bank", "key value", "reason"},
      {"NoAction", ActionKind::no_action, "bank", "", ""},
      {"PostCollateral", ActionKind::post_collateral, "collateral", "amount", "reason auto_withdraw_after_ticks"},
      {"WithdrawCollateral", ActionKind::withdraw_collateral, "collateral", "amount", "reason"},
      {"HoldCollateral", ActionKind::hold_collateral, "collateral", "", ""},
  };
  return rules;
}

const ActionRule& TreeReader::rule_of(const Place& at) const {
  const std::string& name = at.text(200);
  const std::string_view room = kTreeRooms[static_cast<uint8_t>(kind_)];
  std::vector<std::string_view> known;
  for (const ActionRule& rule : action_rules()) {
    if (name == rule.name) {
      if (rule.trees != room) {
        at.refuse(Code::bad_policy, std::string("'") + name + "' belongs to " + rule.trees + " trees, this is a " +
                                        kTreeKeys[static_cast<uint8_t>(kind_)]);
      }
      return rule;
    }
    if (rule.trees == room) known.push_back(rule.name);
  }
  at.refuse(Code::unknown_name, "there is no action '" + name + "'" + suggestion(name, known));
}

void TreeReader::check_parameters(const Place& place, const ActionRule& rule) const {
  const auto required = words(rule.required);
  const auto optional = words(rule.optional);
  const Place at = place.at("parameters");
  if (place.has("parameters")) {
    for (const auto& [name, value] : at.members()) {
      if (std::find(required.begin(), required.end(), name) != required.end()) continue;
      if (std::find(optional.begin(), optional.end(), name) != optional.end()) continue;
      std::vector<std::string_view> known = required;
      known.insert(known.end(), optional.begin(), optional.end());
      value.refuse(Code::unknown_key, std::string(rule.name) + " has no such parameter" + suggestion(name, known));
    }
  }
  for (const std::string_view name : required) {
    if (!place.has("parameters") || !at.has(name)) at.at(name).refuse(Code::missing_key, "is missing");
  }
}

void TreeReader::focus(const Place& at, Action& made) const {
  made.has_focus = true;
  for (const Place& item : bare(at).items(10'000)) {
    const std::string& bank = item.text(64);
    if (!find_bank_) continue;
    const uint32_t index = find_bank_(bank);
    if (index == kNone) item.refuse(Code::unknown_name, "there is no agent '" + bank + "'");
    made.focus.push_back(index);
  }
  std::sort(made.focus.begin(), made.focus.end());
  made.focus.erase(std::unique(made.focus.begin(), made.focus.end()), made.focus.end());
}

uint32_t TreeReader::action(const Place& place) {
  const ActionRule& rule = rule_of(place.at("action"));
  check_parameters(place, rule);
  Action made;
  made.kind = rule.kind;
  const Place parameters = place.at("parameters");
  const auto number = [&](const char* name, uint32_t& target) {
    if (place.has("parameters") && parameters.has(name)) target = value(parameters.at(name), 1);
  };
  number("num_splits", made.num_splits);
  number("stagger_first_now", made.first_now);
  number("stagger_gap_ticks", made.gap);
  number("priority_boost_children", made.boost);
  number("min_split_amount", made.min_split);
  number("new_priority", made.new_priority);
  number("timed_for_tick", made.timed_for);
  number("max_value_to_release", made.max_value);
  number("max_per_counterparty", made.per_counterparty);
  number("amount", made.amount);
  number("auto_withdraw_after_ticks", made.auto_withdraw);
  if (made.kind == ActionKind::set_state || made.kind == ActionKind::add_state) {
    number("value", made.value);
    const Place key = bare(parameters.at("key"));
    const std::string& name = key.text(200);
    if (!std::string_view(name).starts_with(kRegisterPrefix)) {
      key.refuse(Code::bad_policy, "'" + name + "' does not begin with bank_state_");
    }
    made.bank_register = register_of(name);
  }
  if (place.has("parameters")) {
    if (parameters.has("reason")) made.reason = bare(parameters.at("reason")).text(200);
    if (parameters.has("focus_counterparties")) focus(parameters.at("focus_counterparties"), made);
    if (parameters.has("priority_flag")) {
      static constexpr int8_t kFlags[] = {10, 5, 1};
      made.priority_flag = kFlags[bare(parameters.at("priority_flag")).one_of({"HIGH", "MEDIUM", "LOW"}, "priority")];
    }
    if (parameters.has("rtgs_priority")) {
      made.rtgs_priority = static_cast<uint8_t>(
          bare(parameters.at("rtgs_priority")).one_of({"Normal", "Urgent", "HighlyUrgent"}, "class"));
    }
  }
  if (made.kind == ActionKind::withdraw_from_rtgs || made.kind == ActionKind::resubmit_to_rtgs) {
    policy_.decides_queue2 = true;
  }
  policy_.actions.push_back(std::move(made));
  return static_cast<uint32_t>(policy_.actions.size() - 1);
}

}  // namespace busbar::payments
