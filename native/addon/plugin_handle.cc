#include "addon/plugin_handle.h"

#include <cstdio>
#include <cstdlib>
#if defined(__GLIBC__)
#include <malloc.h>
#endif
#include <mutex>

#include "addon/arguments.h"

namespace busbar::addon {
namespace {

std::string hex16(uint64_t value) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(value));
  return text;
}

/// Work of milliseconds that makes and drops megabytes would else give them back to the system each time, and get them again
/// page by page. So much may stay with the process; V8's heaps are not of this.
constexpr int kKeptBytes = 32 << 20;

void keep_freed_memory() {
#if defined(__GLIBC__)
  static std::once_flag once;
  std::call_once(once, [] {
    // Who sets it knows better.
    if (std::getenv("MALLOC_TRIM_THRESHOLD_") != nullptr || std::getenv("GLIBC_TUNABLES") != nullptr) return;
    mallopt(M_MMAP_THRESHOLD, kKeptBytes);
    mallopt(M_TRIM_THRESHOLD, kKeptBytes);
  });
#endif
}

/// @returns null when the value is something else, or nothing because an exception is pending
std::unique_ptr<host::About> read_about(const Napi::Value& value) {
  if (value.IsEmpty() || !value.IsObject()) return nullptr;
  const Napi::Object object = value.As<Napi::Object>();
  const Napi::Value service = object.Get("service"), schema = object.Get("schema"), types = object.Get("types");
  if (!service.IsString() || !schema.IsTypedArray() || !types.IsArray()) return nullptr;
  const auto bytes = schema.As<Napi::Uint8Array>();
  auto about = std::make_unique<host::About>(service.As<Napi::String>().Utf8Value(),
                                             std::vector<uint8_t>(bytes.Data(), bytes.Data() + bytes.ByteLength()));
  const auto list = types.As<Napi::Array>();
  for (uint32_t i = 0; i < list.Length(); i++) {
    const Napi::Value item = list.Get(i);
    if (!item.IsObject()) return nullptr;
    const Napi::Object entry = item.As<Napi::Object>();
    const Napi::Value name = entry.Get("name"), id = entry.Get("typeId"), fingerprint = entry.Get("fingerprint");
    if (!name.IsString() || !id.IsNumber() || !fingerprint.IsString()) return nullptr;
    about->add(name.As<Napi::String>().Utf8Value(), id.As<Napi::Number>().Uint32Value(),
               std::strtoull(fingerprint.As<Napi::String>().Utf8Value().c_str(), nullptr, 16));
  }
  return about;
}

}  // namespace

std::shared_ptr<PluginHandle> PluginHandle::start(Napi::Env env, std::shared_ptr<EnvState> state,
                                                  PluginOptions options, Napi::Function callback,
                                                  Napi::Function about) {
  host::PluginLibrary library;
  if (const host::Failure failure = host::PluginLibrary::open(options.path, options.name, library); failure) {
    throw_failure(env, failure);
    return nullptr;
  }
  std::unique_ptr<host::About> known;
  if (library.takes_subscribed()) {
    known = about.IsEmpty() ? std::make_unique<host::About>("", std::vector<uint8_t>()) : read_about(about.Call({}));
    if (known == nullptr) {
      if (!env.IsExceptionPending())
        Napi::TypeError::New(env, "loadPlugin: about gave no PluginAbout").ThrowAsJavaScriptException();
      return nullptr;
    }
  }
  keep_freed_memory();
  auto plugin = std::make_shared<PluginHandle>();
  plugin->env_ = env;
  plugin->state_ = state;
  plugin->callback_ = std::make_unique<Callback>(env, callback);
  plugin->bell_ = LoopBell::open(env, state, [weak = std::weak_ptr(plugin)] {
    if (const auto alive = weak.lock()) alive->deliver();
  });
  if (plugin->bell_ == nullptr) {
    throw_failure(env, {errors::core_internal, {{"reason", "the event loop takes no more handles"}}});
    return nullptr;
  }
  plugin->host_ =
      std::make_unique<host::PluginHost>(library, options.name, options.config, options.threads, *plugin,
                                         std::move(known));
  if (options.board != nullptr) {
    uint8_t* const record = options.board->take(options.service);
    plugin->host_->lend_telemetry(record, options.board);
    if (record == nullptr) plugin->log(40, "this process has as many telemetry records as it can have; there is none for this one");
  }
  plugin->host_->wait_by(options.waiting);
  for (host::EdgeOptions& edge : options.edges) plugin->host_->add_edge(std::move(edge));
  state->keep(plugin);
  plugin->host_->start();
  return plugin;
}

void PluginHandle::log(int32_t level, std::string_view text) {
  add({PluginEvent::kLog, level, std::string(text.substr(0, kLogLineBytesMax)), {}});
}

void PluginHandle::hashed(std::optional<uint64_t> hash) {
  add({PluginEvent::kHash, 0, hash.has_value() ? hex16(*hash) : std::string(), {}});
}

void PluginHandle::add(Event event) {
  {
    const std::lock_guard lock(mutex_);
    if (event.kind == PluginEvent::kLog && events_.size() >= kLogLinesMax) {
      lines_lost_++;
      return;
    }
    events_.push_back(std::move(event));
  }
  bell_->ring();
}

void PluginHandle::deliver() {
  const auto self = shared_from_this();
  const Napi::Env env(env_);
  for (;;) {
    Event event{};
    {
      const std::lock_guard lock(mutex_);
      if (events_.empty() && lines_lost_ > 0) {
        events_.push_back(
            {PluginEvent::kLog, 40, std::to_string(lines_lost_) + " log lines were lost: too many at once", {}});
        lines_lost_ = 0;
      }
      if (events_.empty()) return;
      event = std::move(events_.front());
      events_.pop_front();
    }
    const Napi::HandleScope scope(env);
    const bool closed = event.kind == PluginEvent::kClosed;
    if (closed) host_->join();  // it has nothing left to do
    const napi_value failure = event.failure ? static_cast<napi_value>(to_error(env, event.failure))
                                             : static_cast<napi_value>(env.Undefined());
    callback_->call({Napi::Number::New(env, static_cast<double>(event.kind)), Napi::Number::New(env, event.level),
                     Napi::String::New(env, event.text), failure});
    if (closed) {
      bell_->close();
      callback_.reset();
      state_->forget(self);
      return;
    }
  }
}

void PluginHandle::end_now() {
  host_->stop();
  host_->join();
  bell_->close();
  callback_.reset();
}

Napi::Object PluginHandle::describe(Napi::Env env) const {
  const busbar_service& service = host_->library().service();
  Napi::Object about = Napi::Object::New(env);
  about.Set("name", service.name);
  about.Set("version", service.version);
  Napi::Array types = Napi::Array::New(env);
  uint32_t index = 0;
  std::vector<busbar_type> all(host_->library().types().begin(), host_->library().types().end());
  if (const host::About* known = host_->about()) {
    for (const busbar_type& type : known->types())
      if (host_->library().find(type.type_id, type.role) == nullptr) all.push_back(type);
  }
  for (const busbar_type& type : all) {
    Napi::Object entry = Napi::Object::New(env);
    entry.Set("name", type.name);
    entry.Set("role", Napi::Number::New(env, type.role));
    entry.Set("typeId", Napi::Number::New(env, type.type_id));
    entry.Set("fingerprint", hex16(type.fingerprint));
    entry.Set("responseTypeId", Napi::Number::New(env, type.response_type_id));
    entry.Set("responseFingerprint", hex16(type.response_fingerprint));
    entry.Set("streaming", Napi::Boolean::New(env, type.streaming != 0));
    types.Set(index++, entry);
  }
  about.Set("types", types);
  return about;
}

}  // namespace busbar::addon
