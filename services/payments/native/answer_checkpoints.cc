// Simulations as bytes, and back.
#include "answer.h"
#include "payments/checkpoint.h"

namespace busbar::payments {

void answer_snapshot(Answer& answer) {
  const auto* const request = answer.request<fb::SnapshotRequest>();
  if (request == nullptr) return;
  World& world = answer.world(request->sim_id());
  const std::string bytes = write_checkpoint(world, request->events());
  const auto list = answer.builder.CreateVector(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  answer.send(fb::CreateSnapshotReply(answer.builder, list, world.tick, world.config->hash, world.state_hash(),
                                      kCheckpointVersion));
}

void answer_restore(Answer& answer) {
  const auto* const request = answer.request<fb::RestoreRequest>();
  if (request == nullptr) return;
  answer.self.require_room();
  const auto* const bytes = request->bytes();
  std::unique_ptr<World> world = read_checkpoint({reinterpret_cast<const char*>(bytes->data()), bytes->size()});
  World& made = *world;
  const uint32_t id = answer.self.add(std::move(world));
  const Text config = answer.builder.CreateString(made.config->text);
  answer.send(fb::CreateRestoreReply(answer.builder, id, made.tick, made.config->hash, made.state_hash(), config));
}

}  // namespace busbar::payments
