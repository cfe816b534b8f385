#include "restoring.h"

#include <cstring>

namespace busbar::ecs {
namespace {

constexpr uint32_t kFormat = 1;

Fault corrupt(const std::string& reason) { return {Code::corrupt_state, "the snapshot cannot be restored: " + reason}; }
Fault corrupt(const Fault& fault) {
  return fault.code == Code::corrupt_state || fault.code == Code::limit_exceeded ? fault : corrupt(fault.text);
}

/// The state that a part's vectors stand for, for the limit.
template <class T>
uint64_t bytes_of(const flatbuffers::Vector<T>* vector) {
  return vector == nullptr ? 0 : uint64_t{vector->size()} * sizeof(T);
}

}  // namespace

uint64_t Restoring::begin(Limits limits, uint64_t bytes_max) {
  end();
  active_ = true;
  limits_ = limits;
  bytes_max_ = bytes_max;
  restorer_ = std::make_unique<Restorer>(limits);
  return ++id_;
}

void Restoring::end() {
  const uint64_t id = id_;
  *this = Restoring();
  id_ = id;
}

Fault Restoring::take(const ::ecs::SnapshotPart& part, bool& done) {
  if (done_.hash != 0 && part.hash() != done_.hash) return corrupt("its parts are of different snapshots");
  done_.hash = part.hash();
  if (part.bytes() != nullptr && part.bytes()->size() > 0) {
    if (has_meta_) return corrupt("bytes come among columns");
    if (part.offset() != done_.bytes.size() || (has_bytes_ && part.total() != total_)) {
      return corrupt("a part begins at byte " + std::to_string(part.offset()) + ", byte " +
                     std::to_string(done_.bytes.size()) + " comes next");
    }
    total_ = part.total();
    if (total_ > bytes_max_) return limit_exceeded("the bytes of the snapshot", total_, bytes_max_);
    if (part.bytes()->size() > total_ - part.offset()) return corrupt("it is longer than it says");
    has_bytes_ = true;
    done_.bytes.insert(done_.bytes.end(), part.bytes()->Data(), part.bytes()->Data() + part.bytes()->size());
    received_ = done_.bytes.size();
  }
  if (part.meta() != nullptr) {
    if (Fault fault = take_meta(*part.meta())) return corrupt(fault);
  }
  if (part.texts() != nullptr && part.texts()->size() > 0) {
    if (Fault fault = take_texts(*part.texts())) return corrupt(fault);
  }
  if (part.rows() != nullptr) {
    if (Fault fault = take_rows(*part.rows())) return corrupt(fault);
  }
  if (bytes_ > bytes_max_) return limit_exceeded("the bytes of the snapshot", bytes_, bytes_max_);
  done = part.done();
  return done ? finish() : Fault{};
}

Fault Restoring::take_meta(const ::ecs::SnapshotMeta& meta) {
  if (has_meta_ || has_bytes_) return corrupt("its meta comes twice, or after other parts");
  if (meta.format() != kFormat) {
    return {Code::unsupported_version, "the snapshot has format " + std::to_string(meta.format()) +
                                           ", this service reads " + std::to_string(kFormat)};
  }
  has_meta_ = true;
  for (uint32_t i = 0; meta.components() != nullptr && i < meta.components()->size(); i++) {
    ComponentType type;
    if (Fault fault = read_definition(at("components", i), *meta.components()->Get(i), type)) return fault;
    if (Fault fault = restorer_->component(type)) return fault;
  }
  for (uint32_t i = 0; meta.tables() != nullptr && i < meta.tables()->size(); i++) {
    const ::ecs::SnapshotTable& table = *meta.tables()->Get(i);
    std::vector<ComponentId> components;
    if (Fault fault = read_components(restorer_->store(), at("tables", i), table.components(), components)) return fault;
    if (Fault fault = restorer_->table(components)) return fault;
    rows_wanted_.push_back(table.rows());
  }
  for (uint32_t i = 0; meta.archetypes() != nullptr && i < meta.archetypes()->size(); i++) {
    const ::ecs::ArchetypeDefinition& archetype = *meta.archetypes()->Get(i);
    std::vector<ComponentId> components;
    if (Fault fault = read_components(restorer_->store(), at("archetypes", i), archetype.components(), components)) {
      return fault;
    }
    if (Fault fault = restorer_->archetype(std::string(view_of(archetype.name())), components)) return fault;
  }
  const uint64_t free = meta.free_index() == nullptr ? 0 : meta.free_index()->size();
  if (free != (meta.free_generation() == nullptr ? 0 : meta.free_generation()->size())) {
    return corrupt("free_index and free_generation differ in length");
  }
  free_.resize(free);
  for (uint32_t i = 0; i < free; i++) {
    std::memcpy(&free_[i].index, meta.free_index()->Data() + uint64_t{i} * 4, 4);
    std::memcpy(&free_[i].generation, meta.free_generation()->Data() + uint64_t{i} * 4, 4);
  }
  bytes_ += free * 8;
  indexes_ = meta.indexes();
  done_.step = meta.step();
  done_.turn = meta.turn();
  done_.faction = std::string(view_of(meta.faction()));
  done_.version = meta.version();
  if (done_.faction.size() > 4'096) return corrupt("its faction's name is too long");
  return {};
}

Fault Restoring::take_texts(const Texts& texts) {
  if (!has_meta_ || has_rows_) return corrupt("texts come before its meta or after rows");
  for (uint32_t i = 0; i < texts.size(); i++) {
    const std::string_view text = view_of(texts.Get(i));
    bytes_ += text.size() + sizeof(std::string);
    if (restorer_->store().dictionary().size() == 1 && text.empty()) continue;  // code 0, which is there already
    if (Fault fault = restorer_->text(text)) return fault;
  }
  return {};
}

Fault Restoring::take_rows(const ::ecs::SnapshotRows& rows) {
  if (!has_meta_) return corrupt("rows come before its meta");
  has_rows_ = true;
  const Store& store = restorer_->store();
  if (rows.table() >= store.table_count()) return corrupt("it has rows of a table that it does not name");
  const Table& table = store.table(rows.table());
  const std::vector<EntityId> ids = read_ids(rows.ids());
  if (rows.first() != table.rows() || ids.size() > rows_wanted_[rows.table()] - table.rows()) {
    return corrupt("rows of table " + std::to_string(rows.table()) + " are missing, or too many");
  }
  GroupColumns columns;
  if (Fault fault = columns.read_coded(store, "rows", rows.columns(), static_cast<uint32_t>(ids.size()))) return fault;
  bytes_ += ids.size() * sizeof(EntityId);
  for (const ValueColumn& column : columns.columns()) bytes_ += column.values.size() + column.validity.size();
  if (bytes_ > bytes_max_) return limit_exceeded("the bytes of the snapshot", bytes_, bytes_max_);
  received_ += ids.size();
  return restorer_->rows(rows.table(), ids, columns.columns());
}

Fault Restoring::finish() {
  if (has_bytes_) {
    if (done_.bytes.size() == total_) return {};
    return corrupt("it has " + std::to_string(done_.bytes.size()) + " of " + std::to_string(total_) + " bytes");
  }
  if (!has_meta_) return corrupt("it has no meta");
  for (TableId id = 0; id < rows_wanted_.size(); id++) {
    if (restorer_->store().table(id).rows() == rows_wanted_[id]) continue;
    return corrupt("table " + std::to_string(id) + " has " + std::to_string(restorer_->store().table(id).rows()) +
                   " of " + std::to_string(rows_wanted_[id]) + " rows");
  }
  if (Fault fault = restorer_->finish(indexes_, free_, done_.store)) return corrupt(fault);
  return {};
}

}  // namespace busbar::ecs
