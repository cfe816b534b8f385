// A policy in memory: up to four decision trees as flat lists of nodes, checked when they were read (services.md 4.7).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "json.h"

namespace busbar::payments {

enum class TreeKind : uint8_t { payment, bank, strategic_collateral, end_of_tick_collateral };
inline constexpr uint32_t kTreeKinds = 4;
inline constexpr uint32_t kTreeDepthMax = 100;
inline constexpr uint32_t kRegistersMax = 10;
inline constexpr uint32_t kSplitsMax = 100;

enum class ValueOp : uint8_t {
  constant,
  field,
  bank_register,
  add,
  subtract,
  multiply,
  divide,
  max,
  min,
  ceil,
  floor,
  round,
  abs,
  clamp,
  div0
};

/// Operands are `count` indices from `operands[first]` on.
struct Value {
  ValueOp op = ValueOp::constant;
  uint16_t field = 0;  // number in the table of fields, or of the register
  uint32_t first = 0;
  uint32_t count = 0;
  double constant = 0;
};

enum class ConditionOp : uint8_t { equal, not_equal, less, less_equal, greater, greater_equal, all, any, negate };

/// left and right are values for comparisons; else `count` conditions from `operands[first]` on.
struct Condition {
  ConditionOp op = ConditionOp::equal;
  uint32_t first = 0;
  uint32_t count = 0;
};

enum class ActionKind : uint8_t {
  release,
  release_with_credit,
  pace_and_release,
  split,
  stagger_split,
  hold,
  drop,
  reprioritize,
  withdraw_from_rtgs,
  resubmit_to_rtgs,
  set_release_budget,
  set_state,
  add_state,
  no_action,
  post_collateral,
  withdraw_collateral,
  hold_collateral
};

inline constexpr uint32_t kNone = 0xFFFFFFFFu;

/// Values by index, kNone where the parameter is absent.
struct Action {
  ActionKind kind = ActionKind::hold;
  uint32_t num_splits = kNone;
  uint32_t first_now = kNone;
  uint32_t gap = kNone;
  uint32_t boost = kNone;
  uint32_t min_split = kNone;
  uint32_t new_priority = kNone;
  uint32_t timed_for = kNone;
  uint32_t max_value = kNone;
  uint32_t per_counterparty = kNone;
  uint32_t value = kNone;
  uint32_t amount = kNone;
  uint32_t auto_withdraw = kNone;
  int8_t priority_flag = -1;
  uint8_t rtgs_priority = 0;
  uint32_t bank_register = kNone;
  std::string reason;
  bool has_focus = false;
  std::vector<uint32_t> focus;  // banks, sorted
};

struct Node {
  bool is_action = false;
  uint32_t target = 0;  // condition or action
  uint32_t yes = 0;
  uint32_t no = 0;
};

struct Tree {
  bool present = false;
  uint32_t root = 0;
};

struct Policy {
  std::string text;  // canonical JSON, as it came
  uint64_t text_hash = 0;
  std::string name;  // type, or policy_id of a tree file
  Tree trees[kTreeKinds];
  std::vector<Node> nodes;
  std::vector<Condition> conditions;
  std::vector<Value> values;
  std::vector<uint32_t> operands;
  std::vector<Action> actions;
  std::vector<std::string> registers;  // sorted
  /// target_buffer of LiquidityAware, for the field liquidity_buffer.
  int64_t liquidity_buffer = 0;
  /// The payment tree is one Release without parameters: nothing needs to be evaluated.
  bool plain_release = false;
  /// There are decisions about payments in Queue 2.
  bool decides_queue2 = false;
  /// Uses tx_is_top_counterparty.
  bool needs_volumes = false;

  bool has(TreeKind kind) const { return trees[static_cast<uint8_t>(kind)].present; }
};

/// Finds a bank by id; kNone when there is none. Empty function: names of banks are not checked.
using FindBank = std::function<uint32_t(std::string_view)>;

/// Reads `policy` of an agent.
/// @throws Refusal with the path below `path`
std::shared_ptr<const Policy> read_policy(const Json& json, const std::string& path, const FindBank& find_bank);

/// What `PolicySchema` says about an action: lists of parameter names, separated by spaces.
struct ActionRule {
  const char* name;
  ActionKind kind;
  const char* trees;  // "payment", "bank" or "collateral"
  const char* required;
  const char* optional;
};
const std::vector<ActionRule>& action_rules();

}  // namespace busbar::payments
