// Reads the decision trees of a policy file and checks all of it: names, numbers, depth, and what belongs to which tree.
// A part is a file: tree_reader.cc (the file and its nodes), tree_values.cc (conditions and values), tree_actions.cc.
#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "place.h"
#include "policy.h"

namespace busbar::payments {

inline constexpr const char* kTreeKeys[kTreeKinds] = {"payment_tree", "bank_tree", "strategic_collateral_tree",
                                                      "end_of_tick_collateral_tree"};
inline constexpr const char* kTreeRooms[kTreeKinds] = {"payment", "bank", "collateral", "collateral"};
inline constexpr std::string_view kRegisterPrefix = "bank_state_";
inline constexpr double kRealMax = 1e300;

/// Of one policy. Whatever is wrong is thrown as a Refusal with its path.
class TreeReader {
 public:
  TreeReader(Policy& policy, const FindBank& find_bank) : policy_(policy), find_bank_(find_bank) {}

  void file(const Place& file);

 private:
  void collect_registers(const Place& place, uint32_t depth);
  static void check_depth(const Place& place, uint32_t depth);
  uint32_t node(const Place& place, uint32_t depth);

  // --- Conditions and values; each gives its place in the policy

  uint32_t condition(const Place& place, uint32_t depth);
  uint32_t value(const Place& place, uint32_t depth);
  uint32_t constant(double number);
  uint32_t field(const Place& at);
  uint32_t register_of(const std::string& name) const;
  uint32_t compute(const Place& place, uint32_t depth);
  uint32_t add(const Condition& made);
  uint32_t add(const Value& made);
  uint32_t add_operands(const std::vector<uint32_t>& list);

  // --- Actions

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

}  // namespace busbar::payments
