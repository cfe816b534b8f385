// A policy file: its head, its parameters and registers, and the nodes of its trees.
#include "tree_reader.h"

#include <algorithm>

namespace busbar::payments {

void TreeReader::file(const Place& file) {
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

void TreeReader::collect_registers(const Place& place, uint32_t depth) {
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

void TreeReader::check_depth(const Place& place, uint32_t depth) {
  if (depth > kTreeDepthMax) {
    place.refuse(Code::limit_exceeded, "is nested deeper than " + std::to_string(kTreeDepthMax) + " levels");
  }
}

uint32_t TreeReader::node(const Place& place, uint32_t depth) {
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

}  // namespace busbar::payments
