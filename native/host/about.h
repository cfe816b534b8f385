// What the topology says about a plugin's service, kept for as long as the plugin may look at it.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <unordered_set>
#include <vector>

#include "busbar_service.h"

namespace busbar::host {

/// Filled by `add` before the instance starts; read by its thread and by whoever describes the plugin.
class About {
 public:
  /// @param schema .bfbs, may be empty
  About(std::string service, std::vector<uint8_t> schema) : service_(std::move(service)), schema_(std::move(schema)) {}
  About(const About&) = delete;
  About& operator=(const About&) = delete;

  void add(std::string name, uint32_t type_id, uint64_t fingerprint) {
    names_.push_back(std::move(name));
    types_.push_back({names_.back().c_str(), type_id, BUSBAR_SUBSCRIBES, fingerprint, 0, 0, 0});
    ids_.insert(type_id);
  }

  bool has(uint32_t type_id) const { return ids_.contains(type_id); }
  const std::vector<busbar_type>& types() const { return types_; }

  const busbar_about* table() {
    table_.size = sizeof table_;
    table_.type_count = static_cast<uint32_t>(types_.size());
    table_.service = service_.c_str();
    table_.types = types_.data();
    table_.schema = schema_.empty() ? nullptr : schema_.data();
    table_.schema_length = schema_.size();
    return &table_;
  }

 private:
  std::string service_;
  std::vector<uint8_t> schema_;
  std::deque<std::string> names_;  // whose addresses stay
  std::vector<busbar_type> types_;
  std::unordered_set<uint32_t> ids_;
  busbar_about table_{};
};

}  // namespace busbar::host
