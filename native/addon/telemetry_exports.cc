#include "addon/telemetry_exports.h"

#include "addon/arguments.h"
#include "addon/env_state.h"
#include "addon/peer_handle.h"
#include "addon/telemetry_desk.h"
#include "addon/telemetry_peer.h"
#include "include/busbar_telemetry.h"

namespace busbar::addon {
namespace {

Napi::Value make_telemetry(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  std::string error;
  auto made = std::make_shared<BoardHandle>();
  made->board = telemetry::Board::create(error);
  if (made->board != nullptr) return Arguments::wrap(env, std::move(made));
  throw_failure(env, {errors::telemetry_unavailable, {{"reason", error}}});
  return env.Undefined();
}

Napi::Value take_telemetry(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Arguments arguments(info, "takeTelemetry");
  const auto board = arguments.handle<BoardHandle>("board");
  const std::string service = arguments.text("service");
  if (!arguments.ok()) return env.Undefined();
  uint8_t* const record = board->board->take(service);
  // Not external where the runtime allows none; then nobody could write it.
  if (record != nullptr) return external_buffer(env, record, telemetry::kRecordBytes, board->board);
  return env.Undefined();
}

Napi::Value serve_telemetry(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Arguments arguments(info, "serveTelemetry");
  const std::string path = arguments.text("path");
  const auto board = arguments.handle<BoardHandle>("board");
  const std::string process = arguments.text("process");
  const Napi::Function on_refused = arguments.function("onRefused");
  if (!arguments.ok()) return env.Undefined();
  auto desk = TelemetryDesk::open(env, EnvState::of(env), path, board->board, process, on_refused);
  return desk == nullptr ? env.Undefined() : Arguments::wrap(env, std::move(desk));
}

Napi::Value close_telemetry_desk(const Napi::CallbackInfo& info) {
  Arguments arguments(info, "closeTelemetryDesk");
  if (const auto desk = arguments.handle<TelemetryDesk>("desk")) desk->close();
  return info.Env().Undefined();
}

Napi::Value connect_telemetry(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Arguments arguments(info, "connectTelemetry");
  const std::string path = arguments.text("path");
  const Napi::Function on_answer = arguments.function("onAnswer");
  if (!arguments.ok()) return env.Undefined();
  auto peer = TelemetryPeer::connect(env, EnvState::of(env), path, on_answer);
  return peer == nullptr ? env.Undefined() : Arguments::wrap(env, std::move(peer));
}

Napi::Value ask_telemetry(const Napi::CallbackInfo& info) {
  Arguments arguments(info, "askTelemetry");
  if (const auto peer = arguments.handle<TelemetryPeer>("peer")) peer->ask(info.Env());
  return info.Env().Undefined();
}

Napi::Value open_telemetry(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Arguments arguments(info, "openTelemetry");
  const auto peer = arguments.handle<TelemetryPeer>("peer");
  const uint32_t slot = arguments.u32("slot");
  if (!arguments.ok()) return env.Undefined();
  const uint8_t* const bytes = peer->board() == nullptr ? nullptr : peer->board()->record(slot);
  if (bytes == nullptr) {
    Napi::RangeError::New(env, "openTelemetry: slot must be one of the last answer").ThrowAsJavaScriptException();
    return env.Undefined();
  }
  auto record = std::make_shared<TelemetryRecord>(peer->board(), bytes);
  const Napi::Value copy = external_buffer(env, record->copy, sizeof record->copy, record);
  if (copy.IsEmpty()) return env.Undefined();
  Napi::Object result = Napi::Object::New(env);
  result.Set("copy", copy);
  result.Set("record", Arguments::wrap(env, std::move(record)));
  return result;
}

Napi::Value telemetry_gone(const Napi::CallbackInfo& info) {
  Arguments arguments(info, "telemetryGone");
  const auto record = arguments.handle<TelemetryRecord>("record");
  return Napi::Boolean::New(info.Env(), record != nullptr && record->board->gone());
}

Napi::Value close_telemetry(const Napi::CallbackInfo& info) {
  Arguments arguments(info, "closeTelemetry");
  if (const auto peer = arguments.handle<TelemetryPeer>("peer")) peer->close();
  return info.Env().Undefined();
}

/// Raw, because it is called often.
napi_value read_telemetry(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument = nullptr, result = nullptr;
  napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr);
  TelemetryRecord* record = count > 0 ? Arguments::raw_handle<TelemetryRecord>(env, argument) : nullptr;
  if (record == nullptr) {
    napi_throw_type_error(env, nullptr, (std::string("readTelemetry: record must be ") + Arguments::kHandle).c_str());
    return nullptr;
  }
  napi_create_uint32(env, static_cast<uint32_t>(record->reader.read(record->copy)), &result);
  return result;
}

}  // namespace

void export_telemetry(Napi::Env env, Napi::Object exports) {
  const std::pair<const char*, Napi::Value (*)(const Napi::CallbackInfo&)> functions[] = {
      {"makeTelemetry", make_telemetry},       {"takeTelemetry", take_telemetry},
      {"serveTelemetry", serve_telemetry},     {"closeTelemetryDesk", close_telemetry_desk},
      {"connectTelemetry", connect_telemetry}, {"askTelemetry", ask_telemetry},
      {"openTelemetry", open_telemetry},       {"telemetryGone", telemetry_gone},
      {"closeTelemetry", close_telemetry},
  };
  for (const auto& [name, function] : functions) exports.Set(name, Napi::Function::New(env, function, name));
  napi_value function = nullptr;
  if (napi_create_function(env, "readTelemetry", NAPI_AUTO_LENGTH, read_telemetry, nullptr, &function) == napi_ok)
    exports.Set("readTelemetry", Napi::Value(env, function));
}

}  // namespace busbar::addon
