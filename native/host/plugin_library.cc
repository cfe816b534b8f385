#include "host/plugin_library.h"

#include <dlfcn.h>

#include <cstddef>
#include <filesystem>

namespace busbar::host {
namespace {

// Up to `destroy` every member is there in ABI 1; what later versions append is looked at through `size`.
constexpr uint32_t kServiceBytesMin = offsetof(busbar_service, destroy) + sizeof(busbar_service::destroy);

std::string loader_text() {
  const char* text = dlerror();
  return text == nullptr ? "the loader gave no reason" : text;
}

}  // namespace

Failure PluginLibrary::open(const std::string& path, const std::string& name, PluginLibrary& out) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return {errors::plugin_not_found, {{"name", name}, {"tried", path}}};
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (library == nullptr) return {errors::plugin_failed, {{"name", name}, {"reason", loader_text()}}};
  const auto mismatch = [&](const std::string& theirs) -> Failure {
    return {errors::plugin_abi_mismatch,
            {{"name", name}, {"theirs", theirs}, {"ours", std::to_string(BUSBAR_SERVICE_ABI)}}};
  };
  const auto describe = reinterpret_cast<busbar_describe_fn>(dlsym(library, "busbar_describe"));
  if (describe == nullptr) return mismatch("none (it exports no busbar_describe)");
  const busbar_service* service = describe();
  if (service == nullptr) return mismatch("none (busbar_describe gave nothing)");
  if (service->abi != BUSBAR_SERVICE_ABI) return mismatch(std::to_string(service->abi));
  if (service->size < kServiceBytesMin || service->create == nullptr || service->on_frame == nullptr ||
      service->destroy == nullptr || service->name == nullptr || service->version == nullptr ||
      (service->types == nullptr && service->type_count > 0)) {
    return mismatch(std::to_string(service->abi) + " (and left required members out)");
  }
  out.service_ = service;
  return {};
}

bool PluginLibrary::takes_subscribed() const {
  constexpr uint32_t end = offsetof(busbar_service, takes_subscribed) + sizeof(busbar_service::takes_subscribed);
  return service_->size >= end && service_->takes_subscribed != 0;
}

const busbar_type* PluginLibrary::find(uint32_t type_id, uint32_t role) const {
  for (const busbar_type& type : types()) {
    if (type.type_id == type_id && type.role == role) return &type;
  }
  return nullptr;
}

}  // namespace busbar::host
