#include "evaluate.h"

#include <algorithm>
#include <cmath>

namespace busbar::payments {
namespace {

constexpr double kNearZero = 1e-9;

}  // namespace

int64_t money_of(double value) {
  if (!(value > 0)) return 0;
  return value >= 1e18 ? 1'000'000'000'000'000'000 : static_cast<int64_t>(value);
}

const Action* Evaluation::decide(TreeKind kind) {
  failed = false;
  const Policy& tree = policy();
  uint32_t at = tree.trees[static_cast<uint8_t>(kind)].root;
  while (!tree.nodes[at].is_action) {
    const bool yes = condition(tree.nodes[at].target);
    if (failed) return nullptr;
    at = yes ? tree.nodes[at].yes : tree.nodes[at].no;
  }
  return &tree.actions[tree.nodes[at].target];
}

double Evaluation::parameter(uint32_t index, double otherwise) { return index == kNone ? otherwise : value(index); }

bool Evaluation::condition(uint32_t index) {
  const Condition& rule = policy().conditions[index];
  const uint32_t* const operands = policy().operands.data() + rule.first;
  switch (rule.op) {
    case ConditionOp::all:
      for (uint32_t i = 0; i < rule.count; ++i) {
        if (!condition(operands[i])) return false;
      }
      return true;
    case ConditionOp::any:
      for (uint32_t i = 0; i < rule.count; ++i) {
        if (condition(operands[i])) return true;
      }
      return false;
    case ConditionOp::negate:
      return !condition(operands[0]);
    default:
      break;
  }
  const double left = value(operands[0]);
  const double right = value(operands[1]);
  switch (rule.op) {
    case ConditionOp::equal:
      return std::fabs(left - right) < kNearZero;
    case ConditionOp::not_equal:
      return std::fabs(left - right) >= kNearZero;
    case ConditionOp::less:
      return left < right;
    case ConditionOp::less_equal:
      return left <= right;
    case ConditionOp::greater:
      return left > right;
    default:
      return left >= right;
  }
}

double Evaluation::number(double result) {
  if (std::isfinite(result)) return result;
  failed = true;
  return 0;
}

double Evaluation::value(uint32_t index) {
  const Value& rule = policy().values[index];
  const uint32_t* const operands = policy().operands.data() + rule.first;
  const auto operand = [&](uint32_t i) { return value(operands[i]); };
  switch (rule.op) {
    case ValueOp::constant:
      return rule.constant;
    case ValueOp::field:
      return field(static_cast<Field>(rule.field));
    case ValueOp::bank_register:
      return world.agents[agent].registers[rule.field];
    // Operands from left to right, whatever the compiler would choose.
    case ValueOp::add: {
      const double left = operand(0);
      return number(left + operand(1));
    }
    case ValueOp::subtract: {
      const double left = operand(0);
      return number(left - operand(1));
    }
    case ValueOp::multiply: {
      const double left = operand(0);
      return number(left * operand(1));
    }
    case ValueOp::divide: {
      const double left = operand(0);
      const double right = operand(1);
      if (std::fabs(right) < kNearZero) {
        failed = true;
        return 0;
      }
      return number(left / right);
    }
    case ValueOp::max:
    case ValueOp::min: {
      double best = operand(0);
      for (uint32_t i = 1; i < rule.count; ++i) {
        const double other = operand(i);
        best = rule.op == ValueOp::max ? std::max(best, other) : std::min(best, other);
      }
      return best;
    }
    case ValueOp::ceil:
      return std::ceil(operand(0));
    case ValueOp::floor:
      return std::floor(operand(0));
    case ValueOp::round:
      return std::round(operand(0));  // half away from zero
    case ValueOp::abs:
      return std::fabs(operand(0));
    case ValueOp::clamp: {
      const double middle = operand(0);
      const double low = operand(1);
      const double high = operand(2);
      return std::max(low, std::min(high, middle));
    }
    default: {  // div0
      const double top = operand(0);
      const double bottom = operand(1);
      const double otherwise = operand(2);
      return std::fabs(bottom) < kNearZero ? otherwise : number(top / bottom);
    }
  }
}

}  // namespace busbar::payments
