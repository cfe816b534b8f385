#include "checkpoint.h"

#include <cmath>

#include "archive.h"
#include "live.h"
#include "place.h"
#include "restoring.h"

namespace busbar::payments {
namespace {

constexpr char kMagic[4] = {'B', 'B', 'P', 'C'};
constexpr size_t kHeadBytes = 16;
constexpr size_t kEventsMax = size_t{1} << 31;

void write_body(Writer& writer, World& world, bool events) {
  writer.io(static_cast<uint8_t>(world.options.keep_events && events));
  writer.io(static_cast<uint8_t>(world.options.keep_events));
  writer.io(static_cast<uint8_t>(world.options.keep_history));
  writer.text(world.config->text);
  writer.io(world.config->hash);
  writer.io(world.state_hash());
  writer.list(world.transactions, 0);
  writer.io(world.names.size());
  for (uint32_t i = 0; i < world.names.size(); ++i) writer.text(world.names.text(i));
  for (size_t i = 0; i < world.agents.size(); ++i) {
    const bool own = world.agents[i].policy->text != world.config->agents[i].policy->text;
    writer.io(static_cast<uint8_t>(own));
    if (own) writer.text(world.agents[i].policy->text);
  }
  live_fields(writer, world);
  writer.list(world.rows, 0);
  writer.io(world.first_history);
  writer.list(world.history, 0);
  if (!world.options.keep_events || !events) return;
  writer.io(world.first_event);
  writer.io(world.first_pool);
  writer.list(world.events, 0);
  writer.list(world.pool, 0);
}

uint8_t read_flag(Reader& reader) {
  uint8_t flag = 0;
  reader.io(flag);
  if (flag > 1) Reader::corrupt("a flag is neither 0 nor 1");
  return flag;
}

std::unique_ptr<World> read_body(Reader& reader) {
  const bool with_events = read_flag(reader) != 0;
  Options options;
  options.keep_events = read_flag(reader) != 0;
  options.keep_history = read_flag(reader) != 0;
  if (with_events && !options.keep_events) Reader::corrupt("it has events of a simulation that keeps none");
  std::string text;
  reader.text(text);
  auto world = std::make_unique<World>(read_config(text), options);
  uint64_t config_hash = 0, state_hash = 0;
  reader.io(config_hash);
  reader.io(state_hash);
  if (config_hash != world->config->hash || text != world->config->text) {
    Reader::corrupt("its config has another hash than it says");
  }
  reader.list(world->transactions, kTransactionsMax + size_t{kTransactionsOver});
  check_transactions(*world);
  uint32_t names = 0;
  reader.io(names);
  for (uint32_t i = 0; i < names; ++i) {
    std::string name;
    reader.text(name);
    if (world->names.number(name) != i) Reader::corrupt("its texts are not in the order of their first use");
  }
  for (uint32_t i = 0; i < world->agents.size(); ++i) {
    if (read_flag(reader) == 0) {
      if (world->agents[i].policy->needs_volumes) world->set_policy(i, world->agents[i].policy);
      continue;
    }
    std::string policy;
    reader.text(policy);
    world->set_policy(i, read_policy(read_json(policy), "policy",
                                     [&](std::string_view id) { return world->config->find_agent(id); }));
  }
  if (world->names.size() != names) Reader::corrupt("texts of its policies are missing");
  live_fields(reader, *world);
  reader.list(world->rows, kTicksMax);
  reader.io(world->first_history);
  reader.list(world->history, size_t{kTicksMax} * 10'000);
  world->first_event = world->event_count;
  world->first_pool = world->pool_count;
  if (with_events) {
    reader.io(world->first_event);
    reader.io(world->first_pool);
    reader.list(world->events, kEventsMax);
    reader.list(world->pool, kEventsMax);
  }
  if (!reader.at_end()) Reader::corrupt("something follows its end");
  restore_derived(*world);
  if (world->state_hash() != state_hash) Reader::corrupt("its state has another hash than it says");
  return world;
}

}  // namespace

std::string write_checkpoint(World& world, bool events) {
  world.fold_events();
  std::string buffer;
  Writer writer(buffer);
  writer.raw(kMagic, sizeof kMagic);
  writer.io(kCheckpointVersion);
  writer.io(uint64_t{0});
  write_body(writer, world, events);
  buffer.resize(writer.written().size());
  const uint64_t hash = hash::xxh64(buffer.data() + kHeadBytes, buffer.size() - kHeadBytes);
  std::memcpy(buffer.data() + 8, &hash, sizeof hash);
  return buffer;
}

std::unique_ptr<World> read_checkpoint(std::string_view bytes) {
  if (bytes.size() < kHeadBytes || bytes.substr(0, 4) != std::string_view(kMagic, 4)) {
    Reader::corrupt("it does not begin with BBPC");
  }
  Reader reader(bytes.substr(4));
  uint32_t version = 0;
  uint64_t hash = 0;
  reader.io(version);
  reader.io(hash);
  if (version != kCheckpointVersion) {
    throw Refusal(Code::unsupported_version, {},
                  "the checkpoint has version " + std::to_string(version) + "; this service reads version " +
                      std::to_string(kCheckpointVersion));
  }
  if (hash::xxh64(bytes.data() + kHeadBytes, bytes.size() - kHeadBytes) != hash) {
    Reader::corrupt("its bytes have another hash than it says");
  }
  try {
    return read_body(reader);
  } catch (const Refusal& refusal) {
    if (refusal.code == Code::corrupt_state) throw;
    Reader::corrupt(refusal.text);
  }
}

}  // namespace busbar::payments
