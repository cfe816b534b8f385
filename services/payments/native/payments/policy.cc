#include "policy.h"

#include "core/hash/hash.h"
#include "named_policy.h"
#include "tree_reader.h"

namespace busbar::payments {

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
