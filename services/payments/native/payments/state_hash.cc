#include "live.h"

namespace busbar::payments {

uint64_t World::state_hash() {
  Writer writer(scratch_);
  // Settled payments need not be looked at: the hash of all events says how they went.
  live_fields(writer, *this);
  writer.io(config->hash);
  for (const Agent& agent : agents) {
    writer.io(agent.policy->text_hash);
    for (const uint32_t id : agent.queue1) writer.raw(&transactions[id], sizeof(Transaction));
  }
  for (const uint32_t id : queue2) writer.raw(&transactions[id], sizeof(Transaction));
  const std::string_view bytes = writer.written();
  return hash::xxh64(bytes.data(), bytes.size());
}

}  // namespace busbar::payments
