// A plugin's shared library: opened, described, checked against our ABI.
#pragma once

#include <span>
#include <string>

#include "busbar_service.h"
#include "host/failure.h"

namespace busbar::host {

/// Cheap to copy. The library stays loaded until the process ends: a plugin may have left destructors and thread-local
/// storage behind that must not be unmapped, and `types` must live as long as anybody may ask for them.
class PluginLibrary {
 public:
  /// Blocks for as long as the system's loader takes. Runs the library's static constructors.
  static Failure open(const std::string& path, const std::string& name, PluginLibrary& out);

  const busbar_service& service() const { return *service_; }
  /// Whether the instance gets what its service subscribes to in the topology.
  bool takes_subscribed() const;
  std::span<const busbar_type> types() const { return {service_->types, service_->type_count}; }
  /// Null when the plugin has no such type in this role.
  const busbar_type* find(uint32_t type_id, uint32_t role) const;

 private:
  const busbar_service* service_ = nullptr;
};

}  // namespace busbar::host
