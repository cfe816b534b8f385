// Conditions and values of decision trees.
#include <algorithm>

#include "fields.h"
#include "tree_reader.h"

namespace busbar::payments {

uint32_t TreeReader::add(const Condition& made) {
  policy_.conditions.push_back(made);
  return static_cast<uint32_t>(policy_.conditions.size() - 1);
}

uint32_t TreeReader::add(const Value& made) {
  policy_.values.push_back(made);
  return static_cast<uint32_t>(policy_.values.size() - 1);
}

uint32_t TreeReader::add_operands(const std::vector<uint32_t>& list) {
  const auto first = static_cast<uint32_t>(policy_.operands.size());
  policy_.operands.insert(policy_.operands.end(), list.begin(), list.end());
  return first;
}

uint32_t TreeReader::condition(const Place& place, uint32_t depth) {
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

uint32_t TreeReader::value(const Place& place, uint32_t depth) {
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

uint32_t TreeReader::constant(double number) {
  Value made;
  made.constant = number;
  return add(made);
}

uint32_t TreeReader::field(const Place& at) {
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

uint32_t TreeReader::register_of(const std::string& name) const {
  const auto found = std::lower_bound(policy_.registers.begin(), policy_.registers.end(), name);
  return static_cast<uint32_t>(found - policy_.registers.begin());
}

uint32_t TreeReader::compute(const Place& place, uint32_t depth) {
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

}  // namespace busbar::payments
