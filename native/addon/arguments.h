// Arguments from JavaScript, and errors to it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <napi.h>

#include "host/failure.h"

namespace busbar::addon {

/// The one place where an error of native code becomes one of JavaScript: an Error with `busbar` = the number of
/// schema/bus/errors.toml and `details`; bus/transport/ring/native-error.ts makes a BusError of it.
Napi::Object to_error(Napi::Env env, const host::Failure& failure);
void throw_failure(Napi::Env env, const host::Failure& failure);

/// Reads arguments in order. After the first that does not fit, a TypeError is pending and `ok` is false.
class Arguments {
 public:
  Arguments(const Napi::CallbackInfo& info, const char* function) : info_(info), function_(function) {}

  static constexpr const char* kHandle = "a handle of this addon";

  bool ok() const { return ok_; }
  std::string text(const char* name);
  Napi::Function function(const char* name);
  /// Empty also for undefined.
  Napi::Function optional_function(const char* name);
  Napi::Object object(const char* name);
  bool boolean(const char* name);
  uint32_t u32(const char* name);
  /// An integer of at most 53 bits.
  uint64_t u53(const char* name);
  uint32_t u32_of(const Napi::Object& object, const char* name);
  /// An array of objects; empty also for undefined.
  std::vector<Napi::Object> objects_of(const Napi::Object& object, const char* name);
  /// A Uint32Array.
  std::vector<uint32_t> u32s_of(const Napi::Object& object, const char* name);
  bool boolean_of(const Napi::Object& object, const char* name);

  /// A handle made by `wrap`; null with a TypeError pending when it is something else.
  template <typename T>
  std::shared_ptr<T> handle(const char* name) {
    const Napi::Value value = next();
    if (value.IsExternal()) {
      const auto* held = value.As<Napi::External<Wrapped>>().Data();
      if (held->tag == T::kTag) return std::static_pointer_cast<T>(held->object);
    }
    refuse(name, kHandle);
    return nullptr;
  }

  /// The same; null also for undefined.
  template <typename T>
  std::shared_ptr<T> optional_handle(const char* name) {
    if (!info_[at_].IsUndefined()) return handle<T>(name);
    at_++;
    return nullptr;
  }

  /// The same without node-addon-api, for functions that are called often. @returns null when it is something else
  template <typename T>
  static T* raw_handle(napi_env env, napi_value value) {
    napi_valuetype type;
    void* data = nullptr;
    if (value == nullptr || napi_typeof(env, value, &type) != napi_ok || type != napi_external) return nullptr;
    if (napi_get_value_external(env, value, &data) != napi_ok) return nullptr;
    const auto* held = static_cast<const Wrapped*>(data);
    return held->tag == T::kTag ? static_cast<T*>(held->object.get()) : nullptr;
  }

  template <typename T>
  static Napi::Value wrap(Napi::Env env, std::shared_ptr<T> object) {
    return Napi::External<Wrapped>::New(env, new Wrapped{T::kTag, std::move(object)},
                                        [](Napi::Env, Wrapped* held) { delete held; });
  }

 private:
  struct Wrapped {
    uint32_t tag;
    std::shared_ptr<void> object;
  };

  Napi::Value next() { return info_[at_++]; }
  void refuse(const char* name, const char* wanted);

  const Napi::CallbackInfo& info_;
  const char* function_;
  size_t at_ = 0;
  bool ok_ = true;
};

}  // namespace busbar::addon
