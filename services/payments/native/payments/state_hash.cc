#include "live.h"

namespace busbar::payments {

uint64_t World::state_hash() {
  constexpr size_t kPiece = 32'768;  // what stays in the nearest cache
  hash::Xxh64 hash;
  Writer writer(scratch_);
  const auto fold = [&] {
    hash.update(writer.written().data(), writer.written().size());
    writer.clear();
  };
  const auto add = [&](uint32_t id) {
    writer.raw(&transactions[id], sizeof(Transaction));
    if (writer.written().size() >= kPiece) fold();
  };
  // Settled payments need not be looked at: the hash of all events says how they went.
  live_fields(writer, *this);
  writer.io(config->hash);
  for (const Agent& agent : agents) {
    writer.io(agent.policy->text_hash);
    for (const uint32_t id : agent.queue1) add(id);
  }
  for (const uint32_t id : queue2) add(id);
  fold();
  return hash.digest();
}

}  // namespace busbar::payments
