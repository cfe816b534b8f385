// A bank with a policy and one payment to decide about, and the texts of small trees.
#pragma once

#include <memory>
#include <string>

#include "payments/evaluate.h"
#include "payments/steps.h"
#include "testing/scenes.h"

namespace busbar::payments::testing {

inline std::string tree(const std::string& payment, const std::string& more = "") {
  return R"({"type":"Inline","decision_trees":{"version":"1.0","policy_id":"p","parameters":{"limit":100})" + more +
         (payment.empty() ? "" : ",\"payment_tree\":" + payment) + "}}";
}

inline std::string action(const std::string& name, const std::string& parameters = "{}") {
  return R"({"type":"action","node_id":"a","action":")" + name + "\",\"parameters\":" + parameters + "}";
}

/// A tree that asks `left op right` and releases or holds.
inline std::string asks(const std::string& left, const std::string& op, const std::string& right) {
  return R"({"type":"condition","node_id":"c","condition":{"op":")" + op + "\",\"left\":" + left +
         ",\"right\":" + right +
         R"(},"on_true":{"type":"action","node_id":"y","action":"Release"},"on_false":{"type":"action","node_id":"n","action":"Hold"}})";
}

/// One payment of 1000 with deadline 20 in Queue 1 of a bank; what does the tree say?
class Decision {
 public:
  explicit Decision(const std::string& policy, int64_t balance = 500) {
    testing::Scene scene = testing::banks(3, balance, "null", policy);
    for (testing::SceneAgent& agent : scene.agents) agent.cap = 200;
    world_ = std::make_unique<World>(read_config(scene.json()), Options{});
    Transaction payment;
    payment.receiver = 1;
    payment.amount = payment.remaining = 1'000;
    payment.deadline = 20;
    payment.priority = payment.original_priority = 5;
    world_->arrive(payment);
  }
  Decision& at(uint32_t tick) {
    world_->tick = tick;
    return *this;
  }
  Transaction& payment() { return world_->transactions[0]; }
  World& world() { return *world_; }
  double number(const char* field) {
    world_->set_policy(
        0, read_policy(read_json(tree(asks(std::string("{\"field\":\"") + field + "\"}", "<", "1"))), "policy", {}));
    Evaluation evaluation{*world_, 0, 0};
    return evaluation.parameter(world_->agents[0].policy->operands[world_->agents[0].policy->conditions[0].first], -1);
  }
  /// Name of the last event of the release step.
  EventKind decide() {
    step_release(*world_);
    return world_->events.back().kind;
  }

 private:
  std::unique_ptr<World> world_;
};

}  // namespace busbar::payments::testing
