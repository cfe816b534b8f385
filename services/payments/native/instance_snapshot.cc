// The whole instance as bytes, and back.
#include "core/hash/hash.h"
#include "instance.h"
#include "payments/archive.h"
#include "payments/checkpoint.h"

namespace busbar::payments {
namespace {

constexpr uint32_t kMagic = 0x49504242;  // "BBPI"
/// Version 1 knew no broken simulations and no limit that had been told of.
constexpr uint32_t kVersion = 2;

[[noreturn]] void refuse(const std::string& reason) {
  throw Refusal(Code::corrupt_state, {}, "the snapshot cannot be used: " + reason);
}

struct Kept {
  std::map<uint32_t, std::unique_ptr<World>> simulations;
  std::map<uint32_t, Broken> broken;
  std::set<uint32_t> told_full;
  uint32_t next_id = 0;
};

uint32_t read_id(Reader& reader, const Kept& kept) {
  uint32_t id = 0;
  reader.io(id);
  if (id >= kept.next_id || kept.simulations.contains(id) || kept.broken.contains(id)) {
    refuse("it names a simulation twice, or one that is to come");
  }
  return id;
}

void read_broken(Reader& reader, Kept& kept) {
  uint32_t count = 0;
  reader.io(count);
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t id = read_id(reader, kept);
    Broken one;
    std::string text;
    reader.text(text);
    one.config = read_config(text);
    reader.io(one.tick);
    reader.io(one.hash);
    reader.text(one.reason);
    kept.broken.emplace(id, std::move(one));
  }
  reader.io(count);
  for (uint32_t i = 0; i < count; ++i) {
    uint32_t id = 0;
    reader.io(id);
    if (!kept.simulations.contains(id)) refuse("the limit was told of a simulation that is not there");
    kept.told_full.insert(id);
  }
}

}  // namespace

uint64_t Instance::hash() {
  hash::Xxh64 state;
  for (const auto& [id, world] : simulations) {
    state.update_value(id);
    state.update_value(world->state_hash());
  }
  for (const auto& [id, one] : broken) {
    state.update_value(id);
    state.update_value(one.tick);
    state.update_value(one.hash);
  }
  return state.digest();
}

std::string Instance::write_snapshot() {
  std::string buffer;
  Writer writer(buffer);
  writer.io(kMagic);
  writer.io(kVersion);
  writer.io(next_id);
  writer.io(static_cast<uint32_t>(simulations.size()));
  for (const auto& [id, world] : simulations) {
    writer.io(id);
    writer.text(write_checkpoint(*world, true));
  }
  writer.io(static_cast<uint32_t>(broken.size()));
  for (const auto& [id, one] : broken) {
    writer.io(id);
    writer.text(one.config->text);
    writer.io(one.tick);
    writer.io(one.hash);
    writer.text(one.reason);
  }
  writer.io(static_cast<uint32_t>(told_full.size()));
  for (const uint32_t id : told_full) writer.io(id);
  buffer.resize(writer.written().size());
  return buffer;
}

void Instance::read_snapshot(std::string_view bytes) {
  Reader reader(bytes);
  Kept kept;
  uint32_t magic = 0, version = 0, count = 0;
  reader.io(magic);
  reader.io(version);
  if (magic != kMagic) refuse("it is none of the payments service");
  if (version < 1 || version > kVersion) {
    throw Refusal(Code::unsupported_version, {},
                  "the snapshot has version " + std::to_string(version) + "; this service reads 1 and " +
                      std::to_string(kVersion));
  }
  reader.io(kept.next_id);
  reader.io(count);
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t id = read_id(reader, kept);
    std::string one;
    reader.text(one);
    auto world = read_checkpoint(one);
    world->transactions_max = settings.transactions_max;
    kept.simulations.emplace(id, std::move(world));
  }
  if (version > 1) read_broken(reader, kept);
  if (!reader.at_end()) refuse("something follows its end");
  simulations = std::move(kept.simulations);
  broken = std::move(kept.broken);
  told_full = std::move(kept.told_full);
  next_id = kept.next_id;
}

}  // namespace busbar::payments
