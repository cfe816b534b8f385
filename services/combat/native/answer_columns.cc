// CalculateBallistics, the spatial index, snapshots: requests and answers in
// columns.
#include "answers.h"

namespace busbar::combat {
namespace {

using Builder = flatbuffers::FlatBufferBuilder;

}  // namespace

flatbuffers::Offset<flatbuffers::Vector<flatbuffers::Offset<::combat::ItemError>>> write_errors(
    Builder& builder, const std::vector<ItemFault>& faults) {
  if (faults.empty()) return {};
  std::vector<flatbuffers::Offset<::combat::ItemError>> offsets;
  offsets.reserve(faults.size());
  for (const ItemFault& fault : faults) {
    const auto text = builder.CreateString(fault.fault.text);
    offsets.push_back(::combat::CreateItemError(builder, fault.item, static_cast<uint16_t>(fault.fault.code), text));
  }
  return builder.CreateVector(offsets);
}

void answer_ballistics(Answer& answer) {
  const auto* message = answer.read<::combat::BallisticsRequest>();
  if (message == nullptr) return;
  Instance& self = answer.self();
  ColumnReader columns;
  BallisticsRequest request;
  request.velocity = columns(message->velocity()), request.angle = columns(message->angle());
  request.height = columns(message->height()), request.target_distance = columns(message->target_distance());
  request.step = message->step();
  if (const auto* projectile = message->projectile()) {
    request.drag = static_cast<uint8_t>(projectile->drag());
    request.ballistic_coefficient = projectile->ballistic_coefficient();
    request.drag_coefficient = projectile->drag_coefficient();
  }
  if (const auto* environment = message->environment()) {
    request.gravity = environment->gravity(), request.altitude = environment->altitude();
    if (environment->temperature().has_value()) request.temperature = environment->temperature().value();
    if (environment->pressure().has_value()) request.pressure = environment->pressure().value();
    request.wind_along = environment->wind_along(), request.wind_across = environment->wind_across();
  }
  if (answer.refuses(columns)) return;
  BallisticsResult& out = self.ballistics;
  if (const Fault fault = calculate(request, self.config.limits, answer.workers(), out)) return answer.fail(fault);
  Builder& builder = self.builder;
  builder.Clear();
  const auto errors = write_errors(builder, out.faults);
  const auto range = put_column(builder, out.range), end_height = put_column(builder, out.end_height);
  const auto drift = put_column(builder, out.drift), time = put_column(builder, out.time);
  const auto apex = put_column(builder, out.apex), speed = put_column(builder, out.impact_speed);
  const auto angle = put_column(builder, out.impact_angle);
  const auto low = put_column(builder, out.low_angle), high = put_column(builder, out.high_angle);
  const auto error = put_column(builder, out.error);
  builder.Finish(::combat::CreateBallisticsResponse(builder, range, end_height, drift, time, apex, speed, angle, low,
                                                    high, error, errors, out.hash));
  answer.send();
}

void answer_spatial_build(Answer& answer) {
  const auto* message = answer.read<::combat::SpatialBuildRequest>();
  if (message == nullptr) return;
  Instance& self = answer.self();
  ColumnReader columns;
  const EntityColumns entities{columns(message->id()),      columns(message->x()),    columns(message->y()),
                               columns(message->faction()), columns(message->kind()), message->cell_size()};
  if (answer.refuses(columns)) return;
  uint64_t handle = message->handle();
  StoredIndex* held = nullptr;
  if (const Fault fault = self.store.build_index(handle, entities, held)) return answer.fail(fault);
  self.builder.Clear();
  const SpatialIndex& index = held->index;
  self.builder.Finish(::combat::CreateSpatialBuildResponse(self.builder, handle, held->version, index.count(),
                                                           index.cells(), index.cell_size(), index.hash()));
  answer.send();
}

void answer_nearby(Answer& answer) {
  const auto* message = answer.read<::combat::NearbyRequest>();
  if (message == nullptr) return;
  Instance& self = answer.self();
  StoredIndex* held = nullptr;
  if (const Fault fault = self.store.index(message->handle(), held)) return answer.fail(fault);
  ColumnReader columns;
  NearbyRequest request;
  request.x = columns(message->x()), request.y = columns(message->y()), request.radius = columns(message->radius());
  request.faction_mask = columns(message->faction_mask()), request.kind_mask = columns(message->kind_mask());
  request.limit = message->limit(), request.order = static_cast<uint8_t>(message->order()),
  request.distances = message->distances();
  if (answer.refuses(columns)) return;
  NearbyResult& out = self.nearby;
  if (const Fault fault = held->index.query(request, self.config.limits, answer.workers(), out))
    return answer.fail(fault);
  Builder& builder = self.builder;
  builder.Clear();
  const auto errors = write_errors(builder, out.faults);
  const auto offsets = put_column(builder, out.offsets);
  const auto ids = put_column(builder, out.ids);
  const auto distances = put_column(builder, out.distances);
  const auto total = put_column(builder, out.total);
  builder.Finish(::combat::CreateNearbyResponse(builder, offsets, ids, distances, total, errors, held->version));
  answer.send();
}

namespace {

void answer_drop(Answer& answer, bool (Store::*drop)(uint64_t)) {
  const auto* message = answer.read<::combat::DropRequest>();
  if (message == nullptr) return;
  Instance& self = answer.self();
  self.builder.Clear();
  self.builder.Finish(::combat::CreateDropResponse(self.builder, (self.store.*drop)(message->handle())));
  answer.send();
}

}  // namespace

void answer_spatial_drop(Answer& answer) { answer_drop(answer, &Store::drop_index); }
void answer_map_drop(Answer& answer) { answer_drop(answer, &Store::drop_map); }

void answer_snapshot(Answer& answer) {
  if (answer.read<::combat::SnapshotRequest>() == nullptr) return;
  Instance& self = answer.self();
  std::vector<uint8_t> bytes;
  self.store.snapshot(bytes);
  self.builder.Clear();
  const auto vector = self.builder.CreateVector(bytes);
  self.builder.Finish(::combat::CreateSnapshotResponse(self.builder, vector, self.store.hash()));
  answer.send();
}

void answer_restore(Answer& answer) {
  const auto* message = answer.read<::combat::RestoreRequest>();
  if (message == nullptr) return;
  Instance& self = answer.self();
  if (const Fault fault = self.store.restore(message->bytes()->data(), message->bytes()->size()))
    return answer.fail(fault);
  self.builder.Clear();
  self.builder.Finish(::combat::CreateRestoreResponse(self.builder, self.store.hash()));
  answer.send();
}

}  // namespace busbar::combat
