#include "addon/arguments.h"

#include <cmath>

namespace busbar::addon {

Napi::Object to_error(Napi::Env env, const host::Failure& failure) {
  Napi::Object details = Napi::Object::New(env);
  std::string text = "native error " + std::to_string(failure.number);
  for (const auto& [key, value] : failure.details) {
    details.Set(key, value);
    text += " " + key + "=" + value;
  }
  Napi::Object error = Napi::Error::New(env, text).Value();
  error.Set("busbar", Napi::Number::New(env, failure.number));
  error.Set("details", details);
  return error;
}

void throw_failure(Napi::Env env, const host::Failure& failure) { napi_throw(env, to_error(env, failure)); }

void Arguments::refuse(const char* name, const char* wanted) {
  if (!ok_) return;
  ok_ = false;
  Napi::TypeError::New(info_.Env(), std::string(function_) + ": " + name + " must be " + wanted)
      .ThrowAsJavaScriptException();
}

std::string Arguments::text(const char* name) {
  const Napi::Value value = next();
  if (value.IsString()) return value.As<Napi::String>().Utf8Value();
  refuse(name, "a string");
  return {};
}

Napi::Function Arguments::function(const char* name) {
  const Napi::Value value = next();
  if (!value.IsFunction()) refuse(name, "a function");
  return value.As<Napi::Function>();
}

Napi::Function Arguments::optional_function(const char* name) {
  if (!info_[at_].IsUndefined()) return function(name);
  at_++;
  return {};
}

Napi::Object Arguments::object(const char* name) {
  const Napi::Value value = next();
  if (!value.IsObject()) refuse(name, "an object");
  return value.As<Napi::Object>();
}

bool Arguments::boolean(const char* name) {
  const Napi::Value value = next();
  if (value.IsBoolean()) return value.As<Napi::Boolean>().Value();
  refuse(name, "a boolean");
  return false;
}

namespace {

bool integer_of(const Napi::Value& value, double limit, double& number) {
  if (!value.IsNumber()) return false;
  number = value.As<Napi::Number>().DoubleValue();
  return number >= 0 && number <= limit && std::floor(number) == number;
}

}  // namespace

uint32_t Arguments::u32(const char* name) {
  double number = 0;
  if (!integer_of(next(), 4294967295.0, number)) {
    refuse(name, "an integer from 0 to 4294967295");
    return 0;
  }
  return static_cast<uint32_t>(number);
}

uint64_t Arguments::u53(const char* name) {
  double number = 0;
  if (!integer_of(next(), 9007199254740991.0, number)) {
    refuse(name, "an integer from 0 to 2^53 - 1");
    return 0;
  }
  return static_cast<uint64_t>(number);
}

uint32_t Arguments::u32_of(const Napi::Object& object, const char* name) {
  double number = 0;
  if (!ok_) return 0;
  if (!integer_of(object.Get(name), 4294967295.0, number)) {
    refuse(name, "an integer from 0 to 4294967295");
    return 0;
  }
  return static_cast<uint32_t>(number);
}

std::vector<Napi::Object> Arguments::objects_of(const Napi::Object& object, const char* name) {
  if (!ok_) return {};
  const Napi::Value value = object.Get(name);
  std::vector<Napi::Object> objects;
  if (value.IsUndefined()) return objects;
  const uint32_t length = value.IsArray() ? value.As<Napi::Array>().Length() : 0;
  for (uint32_t i = 0; i < length; i++) {
    const Napi::Value item = value.As<Napi::Array>().Get(i);
    if (item.IsObject()) objects.push_back(item.As<Napi::Object>());
  }
  if (!value.IsArray() || objects.size() != length) {
    refuse(name, "an array of objects");
    return {};
  }
  return objects;
}

std::vector<uint32_t> Arguments::u32s_of(const Napi::Object& object, const char* name) {
  if (!ok_) return {};
  const Napi::Value value = object.Get(name);
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != napi_uint32_array) {
    refuse(name, "a Uint32Array");
    return {};
  }
  const auto words = value.As<Napi::Uint32Array>();
  return {words.Data(), words.Data() + words.ElementLength()};
}

bool Arguments::boolean_of(const Napi::Object& object, const char* name) {
  if (!ok_) return false;
  const Napi::Value value = object.Get(name);
  if (value.IsBoolean()) return value.As<Napi::Boolean>().Value();
  refuse(name, "a boolean");
  return false;
}

}  // namespace busbar::addon
