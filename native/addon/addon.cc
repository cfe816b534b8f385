// busbar.node: translation between JavaScript and native/host, and nothing else. What it exports is the interface
// `Addon` of bus/transport/ring/addon.ts; a test compares them. All functions run on the environment's own thread.
#include <algorithm>
#include <napi.h>
#include <unistd.h>

#include "addon/arguments.h"
#include "addon/env_state.h"
#include "addon/link_handle.h"
#include "addon/plugin_handle.h"
#include "addon/rendezvous_exports.h"
#include "addon/telemetry_exports.h"
#include "core/frame/frame.h"
#include "core/ring/layout.h"

namespace busbar::addon {
namespace {

/// `clockRank` of the link to the simulated clock; of links to services without marks it is 2^32 - 1.
constexpr uint32_t kClockItself = UINT32_MAX - 1;

const std::shared_ptr<EnvState>& state_of(Napi::Env env) { return EnvState::of(env); }

Napi::Value layout(const Napi::CallbackInfo& info) {
  const std::pair<const char*, uint32_t> words[] = {
      {"magic", ring::kMagic},
      {"headerBytes", ring::kHeaderBytes},
      {"capacityBytesMin", ring::kCapacityBytesMin},
      {"capacityBytesMax", ring::kCapacityBytesMax},
      {"capacity", ring::at::kCapacity},
      {"tail", ring::at::kTail},
      {"head", ring::at::kHead},
      {"sleeping", ring::at::kSleeping},
      {"waiting", ring::at::kWaiting},
      {"reportWanted", ring::at::kReportWanted},
      {"producerClosed", ring::at::kProducerClosed},
      {"consumerClosed", ring::at::kConsumerClosed},
      {"delivered", ring::at::kDelivered},
      {"dropped", ring::at::kDropped},
      {"dropReasons", ring::kDropReasons},
      {"frameHeaderBytes", frame::kHeaderBytes},
      {"frameVersion", frame::kVersion},
  };
  Napi::Object result = Napi::Object::New(info.Env());
  for (const auto& [name, value] : words) result.Set(name, Napi::Number::New(info.Env(), value));
  return result;
}

/// Three numbers each: type id, PolicyKind, time-out in ms.
std::vector<host::Policy> policies_of(Arguments& arguments, const Napi::Object& given) {
  std::vector<host::Policy> policies;
  const std::vector<uint32_t> words = arguments.u32s_of(given, "policies");
  for (size_t at = 0; at + 3 <= words.size(); at += 3) {
    const auto kind = std::min(words[at + 1], static_cast<uint32_t>(host::WhenFull::kLatest));
    policies.push_back({words[at], static_cast<host::WhenFull>(kind), words[at + 2]});
  }
  return policies;
}

/// The edges of the plan that start at a plugin; none is given by who has no plan.
std::vector<host::EdgeOptions> edges_of(Arguments& arguments, const Napi::Object& running) {
  std::vector<host::EdgeOptions> edges;
  if (!arguments.ok()) return edges;
  for (const Napi::Object& given : arguments.objects_of(running, "edges")) {
    host::EdgeOptions edge;
    edge.policies = policies_of(arguments, given);
    edge.declared = arguments.u32s_of(given, "declared");
    edge.capacity_bytes = arguments.u32_of(given, "capacityBytes");
    edge.frame_bytes_max = arguments.u32_of(given, "frameBytesMax");
    edges.push_back(std::move(edge));
  }
  return edges;
}

Napi::Value load_plugin(const Napi::CallbackInfo& info) {
  Arguments arguments(info, "loadPlugin");
  const std::string path = arguments.text("path"), name = arguments.text("name"), config = arguments.text("config");
  const Napi::Object running = arguments.object("running");
  const uint32_t threads = arguments.u32_of(running, "threads");
  const Waiting waiting{arguments.u32_of(running, "spinUs"), arguments.boolean_of(running, "adaptive")};
  std::vector<host::EdgeOptions> edges = edges_of(arguments, running);
  const Napi::Function callback = arguments.function("onEvent");
  const Napi::Function about = arguments.optional_function("about");
  const auto board = arguments.optional_handle<BoardHandle>("board");
  const std::string service = board == nullptr ? std::string() : arguments.text("service");
  if (!arguments.ok()) return info.Env().Undefined();
  PluginOptions options{path, name, config, threads, waiting, board == nullptr ? nullptr : board->board, service,
                        std::move(edges)};
  auto plugin = PluginHandle::start(info.Env(), state_of(info.Env()), std::move(options), callback, about);
  return plugin == nullptr ? info.Env().Undefined() : Arguments::wrap(info.Env(), std::move(plugin));
}

Napi::Value describe_plugin(const Napi::CallbackInfo& info) {
  Arguments arguments(info, "describePlugin");
  const auto plugin = arguments.handle<PluginHandle>("plugin");
  return plugin == nullptr ? info.Env().Undefined() : static_cast<Napi::Value>(plugin->describe(info.Env()));
}

Napi::Value hash_plugin(const Napi::CallbackInfo& info) {
  Arguments arguments(info, "hashPlugin");
  if (const auto plugin = arguments.handle<PluginHandle>("plugin")) plugin->host().ask_hash();
  return info.Env().Undefined();
}

/// By place in the types of `describePlugin`, those of the plugin itself.
Napi::Value unheard(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Arguments arguments(info, "unheard");
  const auto plugin = arguments.handle<PluginHandle>("plugin");
  if (plugin == nullptr) return env.Undefined();
  const auto count = static_cast<uint32_t>(plugin->host().library().types().size());
  Napi::Array result = Napi::Array::New(env, count);
  for (uint32_t i = 0; i < count; i++)
    result.Set(i, Napi::Number::New(env, static_cast<double>(plugin->host().unheard(i))));
  return result;
}

Napi::Value follow_clock(const Napi::CallbackInfo& info) {
  Arguments arguments(info, "followClock");
  const auto plugin = arguments.handle<PluginHandle>("plugin");
  const uint32_t marks = arguments.u32("marks"), listeners = arguments.u32("listeners");
  if (arguments.ok()) plugin->host().follow_clock(marks, listeners);
  return info.Env().Undefined();
}

Napi::Value stop_plugin(const Napi::CallbackInfo& info) {
  Arguments arguments(info, "stopPlugin");
  if (const auto plugin = arguments.handle<PluginHandle>("plugin")) plugin->host().stop();
  return info.Env().Undefined();
}

Napi::Value ref_plugin(const Napi::CallbackInfo& info) {
  Arguments arguments(info, "refPlugin");
  const auto plugin = arguments.handle<PluginHandle>("plugin");
  const bool active = arguments.boolean("active");
  if (arguments.ok()) plugin->ref(active);
  return info.Env().Undefined();
}

Napi::Value create_link(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Arguments arguments(info, "createLink");
  auto plugin = arguments.handle<PluginHandle>("plugin");
  const Napi::Object given = arguments.object("options");
  const Napi::Function callback = arguments.function("onBell");
  host::LinkOptions options;
  options.capacity_bytes = arguments.u32_of(given, "capacityBytes");
  options.frame_bytes_max = arguments.u32_of(given, "frameBytesMax");
  options.source_id = arguments.u32_of(given, "sourceId");
  options.epoch = arguments.u32_of(given, "epoch");
  options.edge = arguments.u32_of(given, "edge");
  options.clock_rank = arguments.u32_of(given, "clockRank");
  options.is_clock = options.clock_rank == kClockItself;
  if (options.is_clock) options.clock_rank = host::LinkOptions::kUnmarked;
  if (!arguments.ok()) return env.Undefined();
  if (options.frame_bytes_max < frame::kHeaderBytes || options.capacity_bytes > ring::kCapacityBytesMax ||
      options.frame_bytes_max > ring::kCapacityBytesMax / 2) {
    Napi::RangeError::New(env, "createLink: frameBytesMax must be from 64 B to 512 MiB, capacityBytes at most 1 GiB")
        .ThrowAsJavaScriptException();
    return env.Undefined();
  }
  auto link = LinkHandle::create(env, state_of(env), std::move(plugin), std::move(options), callback);
  if (link == nullptr) return env.Undefined();
  const Napi::Array rings = link->rings(env);
  if (env.IsExceptionPending()) {
    link->close();
    return env.Undefined();
  }
  Napi::Object result = Napi::Object::New(env);
  result.Set("rings", rings);
  result.Set("link", Arguments::wrap(env, std::move(link)));
  return result;
}

Napi::Value close_link(const Napi::CallbackInfo& info) {
  Arguments arguments(info, "closeLink");
  if (const auto link = arguments.handle<LinkHandle>("link")) link->close();
  return info.Env().Undefined();
}

/// Raw, because it is the one call on the way of messages.
napi_value wake(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument = nullptr;
  napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr);
  if (LinkHandle* link = count > 0 ? Arguments::raw_handle<LinkHandle>(env, argument) : nullptr) {
    link->host().wake();
  } else {
    napi_throw_type_error(env, nullptr, (std::string("wake: link must be ") + Arguments::kHandle).c_str());
  }
  return nullptr;
}

Napi::Value ref_link(const Napi::CallbackInfo& info) {
  Arguments arguments(info, "refLink");
  const auto link = arguments.handle<LinkHandle>("link");
  const bool active = arguments.boolean("active");
  if (arguments.ok()) link->ref(active);
  return info.Env().Undefined();
}

Napi::Value set_link_active(const Napi::CallbackInfo& info) {
  Arguments arguments(info, "setLinkActive");
  const auto link = arguments.handle<LinkHandle>("link");
  const uint32_t lane = arguments.u32("lane");
  const bool active = arguments.boolean("active");
  if (arguments.ok()) link->set_active(lane, active);
  return info.Env().Undefined();
}

Napi::Value subscribe(const Napi::CallbackInfo& info) {
  Arguments arguments(info, "subscribe");
  const auto link = arguments.handle<LinkHandle>("link");
  const uint32_t type_id = arguments.u32("typeId"), topic_id = arguments.u32("topicId");
  const bool active = arguments.boolean("active");
  if (arguments.ok()) link->host().subscribe(link->link(), type_id, topic_id, active);
  return info.Env().Undefined();
}

Napi::Value refuse_type(const Napi::CallbackInfo& info) {
  Arguments arguments(info, "refuseType");
  const auto link = arguments.handle<LinkHandle>("link");
  const uint32_t type_id = arguments.u32("typeId");
  if (arguments.ok()) link->host().refuse(link->link(), type_id);
  return info.Env().Undefined();
}

Napi::Value cancel(const Napi::CallbackInfo& info) {
  Arguments arguments(info, "cancel");
  const auto link = arguments.handle<LinkHandle>("link");
  const uint64_t correlation = arguments.u53("correlation");
  if (arguments.ok()) link->host().cancel(link->link(), correlation);
  return info.Env().Undefined();
}

Napi::Value grant(const Napi::CallbackInfo& info) {
  Arguments arguments(info, "grant");
  const auto link = arguments.handle<LinkHandle>("link");
  const uint64_t correlation = arguments.u53("correlation");
  const uint32_t items = arguments.u32("items");
  if (arguments.ok()) link->host().grant(link->link(), correlation, items);
  return info.Env().Undefined();
}

/// [waiting, waiting bytes, refused, dropped by reason...] of an edge, as numbers, from place `at` on.
void put_counters(Napi::Array result, uint32_t at, const host::EdgeCounters& counters) {
  const auto add = [&](uint64_t count) {
    result.Set(at++, Napi::Number::New(result.Env(), static_cast<double>(count)));
  };
  add(counters.waiting);
  add(counters.waiting_bytes);
  add(counters.refused);
  for (const uint64_t count : counters.dropped) add(count);
}

/// [committed data, committed control, dropped on no edge by reason...], as numbers; then the counters of the edge, if it has
/// one, as they were at the same moment.
Napi::Value counters(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Arguments arguments(info, "counters");
  const auto handle = arguments.handle<LinkHandle>("link");
  if (handle == nullptr) return env.Undefined();
  Napi::Array result = Napi::Array::New(env);
  uint32_t index = 0;
  const auto add = [&](const std::atomic<uint64_t>& counter) {
    // relaxed: each is a number by itself
    result.Set(index++, Napi::Number::New(env, static_cast<double>(counter.load(std::memory_order_relaxed))));
  };
  const auto read = [&] {
    for (const auto& counter : handle->link().committed) add(counter);
    for (const auto& counter : handle->link().dropped) add(counter);
  };
  const uint32_t edge = handle->link().options().edge;
  if (edge >= handle->host().edges()) {
    read();
    return result;
  }
  const host::EdgeCounters counted = handle->host().edge(edge).counters(read);
  put_counters(result, index, counted);
  return result;
}

/// The counters of an edge by its place.
Napi::Value edge_counters(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Arguments arguments(info, "edgeCounters");
  const auto plugin = arguments.handle<PluginHandle>("plugin");
  const uint32_t edge = arguments.u32("edge");
  if (!arguments.ok() || edge >= plugin->host().edges()) return env.Undefined();
  const Napi::Array result = Napi::Array::New(env);
  put_counters(result, 0, plugin->host().edge(edge).counters([] {}));
  return result;
}

/// Ends the process at once: no other thread is stopped first, no destructor runs.
Napi::Value quit(const Napi::CallbackInfo& info) {
  Arguments arguments(info, "quit");
  const uint32_t code = arguments.u32("code");
  if (arguments.ok()) _exit(static_cast<int>(code & 0xff));
  return info.Env().Undefined();
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  EnvState::create(env);
  const std::pair<const char*, Napi::Value (*)(const Napi::CallbackInfo&)> functions[] = {
      {"layout", layout},
      {"loadPlugin", load_plugin},
      {"describePlugin", describe_plugin},
      {"hashPlugin", hash_plugin},
      {"unheard", unheard},
      {"followClock", follow_clock},
      {"stopPlugin", stop_plugin},
      {"refPlugin", ref_plugin},
      {"createLink", create_link},
      {"closeLink", close_link},
      {"refLink", ref_link},
      {"setLinkActive", set_link_active},
      {"subscribe", subscribe},
      {"cancel", cancel},
      {"grant", grant},
      {"refuseType", refuse_type},
      {"counters", counters},
      {"edgeCounters", edge_counters},
      {"quit", quit},
  };
  for (const auto& [name, function] : functions) exports.Set(name, Napi::Function::New(env, function, name));
  napi_value function = nullptr;
  if (napi_create_function(env, "wake", NAPI_AUTO_LENGTH, wake, nullptr, &function) == napi_ok) {
    exports.Set("wake", Napi::Value(env, function));
  }
  export_rendezvous(env, exports);
  export_telemetry(env, exports);
  return exports;
}

}  // namespace
}  // namespace busbar::addon

static Napi::Object busbar_init(Napi::Env env, Napi::Object exports) { return busbar::addon::init(env, exports); }
NODE_API_MODULE(busbar, busbar_init)
