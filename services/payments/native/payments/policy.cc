#include "policy.h"

#include <algorithm>
#include <set>

#include "core/hash/hash.h"
#include "fields.h"
#include "named_policy.h"
#include "place.h"

namespace busbar::payments {
namespace {

constexpr double kRealMax = 1e300;

std::vector<std::string_view> words(std::string_view text) {
  std::vector<std::string_view> list;
  while (!text.empty()) {
    const size_t end = std::min(text.find(' '), text.size());
    if (end > 0) list.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return list;
}

constexpr const char* kTreeKeys[kTreeKinds] = {"payment_tree", "bank_tree", "strategic_collateral_tree",
                                               "end_of_tick_collateral_tree"};
constexpr const char* kTreeRooms[kTreeKinds] = {"payment", "bank", "collateral", "collateral"};
constexpr std::string_view kRegisterPrefix = "bank_state_";

class TreeReader {
 public:
  TreeReader(Policy& policy, const FindBank& find_bank) : policy_(policy), find_bank_(find_bank) {}

  void file(const Place& file) {
    file.keys({"version", "policy_id"},
              {"description", "parameters", kTreeKeys[0], kTreeKeys[1], kTreeKeys[2], kTreeKeys[3]});
    const std::string& version = file.at("version").text();
    if (version != "1.0") {
      file.at("version").refuse(Code::unsupported_version,
                                "is \"" + version.substr(0, 20) + "\"; this service reads \"1.0\"");
    }
    policy_.name = file.at("policy_id").text(200);
    if (file.has("description")) file.at("description").text(65'536);
    if (file.has("parameters")) {
      for (const auto& [name, place] : file.at("parameters").members()) {
        parameters_.emplace_back(name, place.real(-kRealMax, kRealMax));
      }
    }
    // Registers first: a payment tree may read what the bank tree sets.
    for (const char* key : kTreeKeys) {
      if (file.has(key)) collect_registers(file.at(key), 0);
    }
    std::sort(policy_.registers.begin(), policy_.registers.end());
    policy_.registers.erase(std::unique(policy_.registers.begin(), policy_.registers.end()), policy_.registers.end());
    if (policy_.registers.size() > kRegistersMax) {
      file.refuse(Code::limit_exceeded, "names " + std::to_string(policy_.registers.size()) +
                                            " registers bank_state_*, the limit is " + std::to_string(kRegistersMax));
    }
    for (uint32_t kind = 0; kind < kTreeKinds; ++kind) {
      if (!file.has(kTreeKeys[kind])) continue;
      kind_ = static_cast<TreeKind>(kind);
      ids_.clear();
      policy_.trees[kind].root = node(file.at(kTreeKeys[kind]), 1);
      policy_.trees[kind].present = true;
    }
  }

 private:
  void collect_registers(const Place& place, uint32_t depth) {
    if (depth > 500) return;  // the reader of the tree itself refuses it
    const Json& json = place.json();
    if (json.kind == Json::Kind::text && json.text.starts_with(kRegisterPrefix)) {
      policy_.registers.push_back(json.text);
    }
    for (const Json& item : json.items) collect_registers(Place(item, ""), depth + 1);
    for (const auto& [key, value] : json.members) {
      if (key == "node_id" || key == "description" || key == "reason") continue;
      collect_registers(Place(value, ""), depth + 1);
    }
  }

  static void check_depth(const Place& place, uint32_t depth) {
    if (depth > kTreeDepthMax) {
      place.refuse(Code::limit_exceeded, "is nested deeper than " + std::to_string(kTreeDepthMax) + " levels");
    }
  }

  uint32_t node(const Place& place, uint32_t depth) {
    check_depth(place, depth);
    place.require("type");
    const bool is_action = place.at("type").one_of({"condition", "action"}, "type of node") == 1;
    if (is_action) {
      place.keys({"type", "node_id", "action"}, {"description", "parameters"});
    } else {
      place.keys({"type", "node_id", "condition", "on_true", "on_false"}, {"description"});
    }
    if (place.has("description")) place.at("description").text(65'536);
    const std::string& id = place.at("node_id").text(200);
    if (!ids_.insert(id).second) place.at("node_id").refuse(Code::duplicate, "'" + id + "' is there twice");
    const auto index = static_cast<uint32_t>(policy_.nodes.size());
    policy_.nodes.push_back({});
    Node made;
    made.is_action = is_action;
    if (is_action) {
      made.target = action(place);
    } else {
      made.target = condition(place.at("condition"), 1);
      made.yes = node(place.at("on_true"), depth + 1);
      made.no = node(place.at("on_false"), depth + 1);
    }
    policy_.nodes[index] = made;
    return index;
  }

  uint32_t add(const Condition& made) {
    policy_.conditions.push_back(made);
    return static_cast<uint32_t>(policy_.conditions.size() - 1);
  }
  uint32_t add(const Value& made) {
    policy_.values.push_back(made);
    return static_cast<uint32_t>(policy_.values.size() - 1);
  }
  uint32_t add_operands(const std::vector<uint32_t>& list) {
    const auto first = static_cast<uint32_t>(policy_.operands.size());
    policy_.operands.insert(policy_.operands.end(), list.begin(), list.end());
    return first;
  }

  uint32_t condition(const Place& place, uint32_t depth) {
    check_depth(place, depth);
    place.require("op");
    Condition made;
    made.op = static_cast<ConditionOp>(
        place.at("op").one_of({"==", "!=", "<", "<=", ">", ">=", "and", "or", "not"}, "condition"));
    std::vector<uint32_t> operands;
    if (made.op < ConditionOp::all) {
      place.keys({"op", "left", "right"});
      operands = {value(place.at("left"), depth + 1), value(place.at("right"), depth + 1)};
    } else if (made.op == ConditionOp::negate) {
      place.keys({"op", "condition"});
      operands = {condition(place.at("condition"), depth + 1)};
    } else {
      place.keys({"op", "conditions"});
      for (const Place& item : place.at("conditions").items(1000)) operands.push_back(condition(item, depth + 1));
      if (operands.empty()) place.at("conditions").refuse(Code::out_of_range, "is empty; at least one is wanted");
    }
    made.first = add_operands(operands);
    made.count = static_cast<uint32_t>(operands.size());
    return add(made);
  }

  uint32_t value(const Place& place, uint32_t depth) {
    check_depth(place, depth);
    if (place.json().kind == Json::Kind::integer || place.json().kind == Json::Kind::real) {
      return constant(place.real(-kRealMax, kRealMax));
    }
    place.keys({}, {"field", "param", "value", "compute"});
    if (place.json().members.size() != 1) {
      place.refuse(Code::bad_policy, "is " + place.shown() + "; one of field, param, value, compute is wanted");
    }
    if (place.has("field")) return field(place.at("field"));
    if (place.has("param")) {
      const Place at = place.at("param");
      const std::string& name = at.text(200);
      std::vector<std::string_view> known;
      for (const auto& [key, number] : parameters_) {
        if (key == name) return constant(number);
        known.push_back(key);
      }
      at.refuse(Code::unknown_name, "there is no parameter '" + name + "'" + suggestion(name, known));
    }
    if (place.has("compute")) return compute(place.at("compute"), depth + 1);
    const Place at = place.at("value");
    if (at.json().kind == Json::Kind::boolean) return constant(at.boolean() ? 1 : 0);
    return constant(at.real(-kRealMax, kRealMax));
  }

  uint32_t constant(double number) {
    Value made;
    made.constant = number;
    return add(made);
  }

  uint32_t field(const Place& at) {
    const std::string& name = at.text(200);
    Value made;
    if (std::string_view(name).starts_with(kRegisterPrefix)) {
      made.op = ValueOp::bank_register;
      made.field = static_cast<uint16_t>(register_of(name));
      return add(made);
    }
    made.op = ValueOp::field;
    made.field = find_field(name);
    if (made.field == kFields) {
      std::vector<std::string_view> known;
      for (uint16_t i = 0; i < kFields; ++i) known.push_back(field_name(i));
      at.refuse(Code::unknown_name, "there is no field '" + name + "'" + suggestion(name, known));
    }
    if (field_payment_only(made.field) && kind_ != TreeKind::payment) {
      at.refuse(Code::bad_policy, "field '" + name + "' is about a payment; only the payment_tree has one");
    }
    if (made.field == static_cast<uint16_t>(Field::tx_is_top_counterparty)) policy_.needs_volumes = true;
    return add(made);
  }

  uint32_t register_of(const std::string& name) const {
    const auto found = std::lower_bound(policy_.registers.begin(), policy_.registers.end(), name);
    return static_cast<uint32_t>(found - policy_.registers.begin());
  }

  uint32_t compute(const Place& place, uint32_t depth) {
    check_depth(place, depth);
    place.require("op");
    static constexpr ValueOp kOps[] = {ValueOp::add,   ValueOp::subtract, ValueOp::multiply, ValueOp::divide,
                                       ValueOp::max,   ValueOp::min,      ValueOp::ceil,     ValueOp::floor,
                                       ValueOp::round, ValueOp::abs,      ValueOp::clamp,    ValueOp::div0};
    Value made;
    made.op = kOps[place.at("op").one_of(
        {"+", "-", "*", "/", "max", "min", "ceil", "floor", "round", "abs", "clamp", "div0"}, "computation")];
    std::vector<uint32_t> operands;
    const auto take = [&](std::initializer_list<std::string_view> names) {
      for (const std::string_view name : names) operands.push_back(value(place.at(name), depth + 1));
    };
    switch (made.op) {
      case ValueOp::max:
      case ValueOp::min:
        place.keys({"op", "values"});
        for (const Place& item : place.at("values").items(1000)) operands.push_back(value(item, depth + 1));
        if (operands.empty()) place.at("values").refuse(Code::out_of_range, "is empty; at least one is wanted");
        break;
      case ValueOp::ceil:
      case ValueOp::floor:
      case ValueOp::round:
      case ValueOp::abs:
        place.keys({"op", "value"});
        take({"value"});
        break;
      case ValueOp::clamp:
        place.keys({"op", "value", "min", "max"});
        take({"value", "min", "max"});
        break;
      case ValueOp::div0:
        place.keys({"op", "numerator", "denominator", "default"});
        take({"numerator", "denominator", "default"});
        break;
      default:
        place.keys({"op", "left", "right"});
        take({"left", "right"});
    }
    made.first = add_operands(operands);
    made.count = static_cast<uint32_t>(operands.size());
    return add(made);
  }

  uint32_t action(const Place& place);
  const ActionRule& rule_of(const Place& at) const;
  void check_parameters(const Place& place, const ActionRule& rule) const;
  void focus(const Place& at, Action& made) const;

  /// A parameter that is a text: {"value": "text"} or the bare text.
  static Place bare(const Place& at) { return at.json().kind == Json::Kind::object ? at.at("value") : at; }

  Policy& policy_;
  const FindBank& find_bank_;
  TreeKind kind_ = TreeKind::payment;
  std::set<std::string> ids_;
  std::vector<std::pair<std::string, double>> parameters_;
};

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

std::shared_ptr<const Policy> read_policy(const Json& json, const std::string& path, const FindBank& find_bank) {
  const Place place(json, path);
  place.require("type");
  auto policy = std::make_shared<Policy>();
  policy->text = canonical(json);
  policy->text_hash = hash::xxh64(policy->text.data(), policy->text.size());
  TreeReader reader(*policy, find_bank);
  const std::string tree = named_tree(place, policy->liquidity_buffer);
  if (tree.empty()) {
    reader.file(place.at("decision_trees"));
  } else {
    const std::string& type = place.at("type").text();
    const Json made = read_json(R"({"version":"1.0","policy_id":")" + type + R"(","payment_tree":)" + tree + "}");
    reader.file(Place(made, path));
  }
  const Tree& payment = policy->trees[0];
  if (payment.present && policy->nodes[payment.root].is_action) {
    const Action& action = policy->actions[policy->nodes[payment.root].target];
    policy->plain_release = (action.kind == ActionKind::release || action.kind == ActionKind::release_with_credit) &&
                            action.timed_for == kNone && action.priority_flag < 0;
  }
  return policy;
}

}  // namespace busbar::payments
