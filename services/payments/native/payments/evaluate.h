// Walks a decision tree for a bank, or for one of its payments.
#pragma once

#include "fields.h"
#include "world.h"

namespace busbar::payments {

struct Evaluation {
  World& world;
  uint32_t agent;
  uint32_t tx = kNone;
  /// A division by nearly 0, or a result that is no finite number: the decision counts for nothing.
  bool failed = false;

  /// The action at the end of the walk, or nullptr when the evaluation failed. The tree is present.
  const Action* decide(TreeKind kind);
  /// A parameter of an action; `otherwise` where it is absent. Check `failed` afterwards.
  double parameter(uint32_t value, double otherwise);

 private:
  bool condition(uint32_t index);
  double value(uint32_t index);
  double field(Field field);
  double payment_field(Field field);
  double agent_field(Field field);
  double system_field(Field field);
  double cost_field(Field field) const;
  double number(double result);

  const Policy& policy() const { return *world.agents[agent].policy; }
};

/// A real as whole minor units: rounded down, at most what any balance can be; nothing below 0.
int64_t money_of(double value);

}  // namespace busbar::payments
