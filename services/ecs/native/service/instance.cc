#include "instance.h"

#include <stdexcept>

#include "core/hash/hash.h"

namespace busbar::ecs {
namespace {

constexpr uint32_t kMagic = 0x53454242;  // "BBES" around the store's own image
constexpr uint32_t kImageVersion = 1;
constexpr uint32_t kFactionMax = 4'096;

void put_value(std::vector<uint8_t>& out, uint64_t value, size_t bytes) {
  for (size_t i = 0; i < bytes; i++) out.push_back(static_cast<uint8_t>(value >> (8 * i)));
}
uint64_t get_value(const uint8_t* from, size_t bytes) {
  uint64_t value = 0;
  for (size_t i = 0; i < bytes; i++) value |= uint64_t{from[i]} << (8 * i);
  return value;
}

EngineOptions options_of(const Config& config) {
  EngineOptions options;
  options.use_cache = config.cache_bytes > 0;
  options.cache_bytes_max = config.cache_bytes;
  options.use_indexes = config.index_bytes > 0;
  options.index_bytes_max = config.index_bytes;
  options.filters_max = config.filters_max;
  return options;
}

}  // namespace

Instance::Instance(const busbar_host& host_table, Config settings)
    : host(host_table), config(std::move(settings)), meter(telemetry::record_of(&host_table)) {
  store = std::make_unique<Store>(limits());
  engine = std::make_unique<QueryEngine>(*store, options_of(config));
  for (const std::string& library : config.libraries) {
    if (std::string problem = systems.load(library); !problem.empty()) throw std::runtime_error(problem);
  }
  for (const auto* list : {&config.tick, &config.turn_start, &config.turn_end}) {
    for (const Scheduled& scheduled : *list) {
      if (systems.find(scheduled.system) != nullptr) continue;
      std::vector<std::string_view> names;
      for (const SystemEntry& entry : systems.all()) names.push_back(entry.name);
      throw std::runtime_error("there is no system '" + scheduled.system + "'" + did_you_mean(scheduled.system, names));
    }
  }
}

Limits Instance::limits() const {
  Limits limits;
  limits.components_max = config.components_max;
  limits.entities_max = config.entities_max;
  return limits;
}

uint64_t hash_of(StateHash& parts, const Store& store, uint32_t turn, const std::string& faction) {
  hash::Xxh64 state;
  state.update_value(parts.of(store));
  state.update_value(turn);
  state.update_value(static_cast<uint64_t>(faction.size()));
  state.update(faction.data(), faction.size());
  return state.digest();
}

std::vector<uint8_t> Instance::snapshot() const {
  // magic u32, version u32, XXH64 of the rest u64; step u64, version u64, turn u32, faction's length u32, faction, store
  const std::vector<uint8_t> image = write_snapshot(*store);
  std::vector<uint8_t> out;
  put_value(out, kMagic, 4);
  put_value(out, kImageVersion, 4);
  put_value(out, 0, 8);
  put_value(out, step, 8);
  put_value(out, version(), 8);
  put_value(out, turn, 4);
  put_value(out, faction.size(), 4);
  out.insert(out.end(), faction.begin(), faction.end());
  out.insert(out.end(), image.begin(), image.end());
  const uint64_t sum = hash::xxh64(out.data() + 16, out.size() - 16);
  for (size_t i = 0; i < 8; i++) out[8 + i] = static_cast<uint8_t>(sum >> (8 * i));
  return out;
}

Fault Instance::restore(std::span<const uint8_t> bytes) {
  const auto corrupt = [](const char* reason) {
    return Fault{Code::corrupt_state, std::string("the snapshot cannot be restored: ") + reason};
  };
  constexpr size_t kHeader = 40;
  if (bytes.size() < kHeader || get_value(bytes.data(), 4) != kMagic) return corrupt("these bytes are none of ecs");
  if (get_value(bytes.data() + 4, 4) != kImageVersion) {
    return {Code::unsupported_version, "the snapshot has version " + std::to_string(get_value(bytes.data() + 4, 4)) +
                                           ", this service reads 1"};
  }
  if (get_value(bytes.data() + 8, 8) != hash::xxh64(bytes.data() + 16, bytes.size() - 16)) {
    return corrupt("its bytes are damaged");
  }
  const uint64_t name = get_value(bytes.data() + 36, 4);
  if (name > kFactionMax || name > bytes.size() - kHeader) return corrupt("its faction's name is too long");
  std::unique_ptr<Store> fresh;
  if (Fault fault = read_snapshot(bytes.subspan(kHeader + name), limits(), fresh)) return fault;
  adopt(std::move(fresh), get_value(bytes.data() + 16, 8), static_cast<uint32_t>(get_value(bytes.data() + 32, 4)),
        std::string(reinterpret_cast<const char*>(bytes.data()) + kHeader, name), get_value(bytes.data() + 24, 8));
  return {};
}

void Instance::adopt(std::unique_ptr<Store> fresh, uint64_t steps, uint32_t current_turn, std::string current_faction,
                     uint64_t version_before) {
  constexpr uint64_t kVersionMax = uint64_t{1} << 62;
  version_base = std::max(version(), std::min(version_before, kVersionMax)) + 1;
  engine = std::make_unique<QueryEngine>(*fresh, options_of(config));
  store = std::move(fresh);
  state_hash = StateHash();
  step = steps;
  turn = current_turn;
  faction = std::move(current_faction);
  subscriptions.restored(*this);
}

Fault Instance::run_system(std::string_view name, double dt, RunReport& report) {
  changes.begin(std::string(name));
  const RunContext context{*store, host, changes, dt, config.block_rows};
  const uint64_t before = store->clock();
  Fault fault = systems.run(context, name, report);
  if (fault) {
    changes.clear();
    return fault;
  }
  if (store->clock() != before) step++;
  return {};
}

void Instance::run_scheduled(const std::vector<Scheduled>& list) {
  for (const Scheduled& scheduled : list) {
    RunReport report;
    if (const Fault fault = run_system(scheduled.system, scheduled.dt, report)) {
      counters.runs_failed++;
      log(40, fault.text);
    }
    publish_changes();
  }
}

void Instance::publish_changes() {
  if (config.events && changes.any()) {
    changes.publish({host, *store, builder, turn, config.event_items_max, event_sequence, counters.events_sent,
                     counters.events_refused});
  }
  changes.clear();
}

void Instance::publish_deltas(bool turn_is_over) {
  if (subscriptions.count() > 0) subscriptions.publish(*this, turn_is_over);
}

}  // namespace busbar::ecs
