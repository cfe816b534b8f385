// From parts or bytes that nobody has checked to a store.
#include <algorithm>

#include "core/hash/hash.h"
#include "snapshot.h"

namespace busbar::ecs {
namespace {

Fault corrupt(const std::string& reason) {
  return {Code::corrupt_state, "the snapshot cannot be restored: " + reason};
}

/// What a part was refused for, as a reason why the whole is.
Fault corrupt(const Fault& fault) {
  return fault.code == Code::limit_exceeded ? fault : corrupt(fault.text);
}

}  // namespace

Fault Restorer::text(std::string_view text) {
  if (store_->dictionary_.find(text)) return corrupt("a text is there twice");
  uint32_t code = 0;
  if (Fault fault = store_->intern(text, code)) return corrupt(fault);
  return {};
}

Fault Restorer::component(const ComponentType& type) {
  if (store_->find_component(type.name)) return corrupt("component " + type.name + " is there twice");
  ComponentId id = 0;
  if (Fault fault = store_->define_component(type, id)) return corrupt(fault);
  return {};
}

Fault Restorer::table(std::span<const ComponentId> components) {
  if (!std::is_sorted(components.begin(), components.end(), std::less_equal<>())) {
    return corrupt("the components of a table are not in ascending order");
  }
  const uint32_t before = store_->table_count();
  TableId id = 0;
  if (Fault fault = store_->table_of(components, id)) return corrupt(fault);
  if (id != before) return corrupt("two tables have the same components");
  return {};
}

Fault Restorer::rows(TableId id, std::span<const EntityId> ids, std::span<const ValueColumn> columns) {
  if (id >= store_->table_count()) return corrupt("rows come before their table");
  Table& table = store_->tables_[id];
  const uint64_t limit = store_->limits_.entities_max;
  if (ids.size() > limit - store_->entity_count_) {
    return limit_exceeded("the number of entities", store_->entity_count_ + ids.size(), limit);
  }
  const auto count = static_cast<uint32_t>(ids.size());
  if (Fault fault = store_->check_columns(columns, count)) return corrupt(fault);
  if (columns.size() != table.columns().size()) return corrupt("a table has " + std::to_string(table.columns().size()) +
                                                               " columns, the rows " + std::to_string(columns.size()));
  for (const ValueColumn& column : columns) {
    if (table.column(column.field) == nullptr) return corrupt("rows have a column that their table has not");
  }
  if (count == 0) return {};
  const bool exact = table.rows() == 0, copied = store_->copy_sound(table, columns, count, exact);
  std::vector<ItemFault> faults;
  if (!copied && store_->check_values(columns, count, faults)) return corrupt(faults[0].fault);
  table.reserve(uint64_t{table.rows()} + count, exact);
  for (Column& column : table.mutable_columns()) {
    const auto source = std::find_if(columns.begin(), columns.end(),
                                     [&](const ValueColumn& given) { return given.field == column.field(); });
    if (copied) {
      column.append_copied(table.rows(), count);
    } else {
      column.append(table.rows(), *source, 0, count);
    }
  }
  table.add_rows(ids.data(), count);
  store_->entity_count_ += count;
  table.set_version(++store_->clock_);
  return {};
}

Fault Restorer::archetype(const std::string& name, std::span<const ComponentId> components) {
  if (store_->find_archetype(name)) return corrupt("archetype " + name + " is there twice");
  const uint32_t before = store_->table_count();
  TableId id = 0;
  if (Fault fault = store_->define_archetype(name, components, id)) return corrupt(fault);
  if (store_->table_count() != before) return corrupt("archetype " + name + " has no table");
  return {};
}

Fault Restorer::finish(uint32_t indexes, std::span<const FreeIndex> free, std::unique_ptr<Store>& store) {
  auto& slots = store_->slots_;
  if (indexes > store_->limits_.entities_max) {
    return limit_exceeded("the number of entities", indexes, store_->limits_.entities_max);
  }
  if (store_->entity_count_ > indexes || indexes - store_->entity_count_ != free.size()) {
    return corrupt("live and free indexes are not all indexes");
  }
  slots.assign_retired(indexes);
  for (const Table& table : store_->tables_) {
    for (uint32_t row = 0; row < table.rows(); row++) {
      const EntityId id = table.ids()[row];
      if (generation_of(id) == 0 || index_of(id) >= indexes) return corrupt(std::to_string(id) + " is no id");
      auto& slot = slots[index_of(id)];
      if (slot.table() != kNoTable) return corrupt("index " + std::to_string(index_of(id)) + " is used twice");
      slot = {table.id(), row};
    }
  }
  uint64_t next = 0;
  for (const FreeIndex& entry : free) {
    if (entry.index < next || entry.index >= indexes) return corrupt("the free indexes are not in ascending order");
    if (slots[entry.index].table() != kNoTable) return corrupt("a free index is in use");
    if (entry.generation == 1) return corrupt("a free index was never used");
    next = uint64_t{entry.index} + 1;
    slots[entry.index].set_number(entry.generation);
    if (entry.generation != 0) store_->free_.add(entry.index);
  }
  store = std::move(store_);
  return {};
}

namespace {

/// Believes no length.
class Reader {
 public:
  explicit Reader(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  bool ended = false;
  bool at_end() const { return bytes_.empty(); }
  std::span<const uint8_t> raw(uint64_t size) {
    if (size > bytes_.size()) {
      ended = true;
      return {};
    }
    const auto part = bytes_.first(size);
    bytes_ = bytes_.subspan(size);
    return part;
  }
  template <typename Number>
  Number number() {
    Number value{};
    const auto part = raw(sizeof value);
    if (!ended) std::memcpy(&value, part.data(), sizeof value);
    return value;
  }
  std::string_view text() {
    const auto part = raw(number<uint32_t>());
    return {reinterpret_cast<const char*>(part.data()), part.size()};
  }
  template <typename Element>
  std::vector<Element> list(uint64_t count) {
    const auto part = raw(count <= bytes_.size() ? count * sizeof(Element) : UINT64_MAX);
    std::vector<Element> elements(part.size() / sizeof(Element));
    if (!part.empty()) std::memcpy(elements.data(), part.data(), part.size());
    return elements;
  }

 private:
  std::span<const uint8_t> bytes_;
};

Fault early() { return corrupt("it ends early"); }

Fault read_component(Reader& in, Restorer& out) {
  ComponentType type;
  type.name = in.text();
  for (uint32_t fields = in.number<uint32_t>(); fields > 0 && !in.ended; fields--) {
    Field field;
    field.name = in.text();
    field.type = static_cast<FieldType>(in.number<uint8_t>());
    const auto nullable = in.number<uint8_t>();
    if (nullable > 1) return corrupt("a flag is neither 0 nor 1");
    field.nullable = nullable == 1;
    field.width = in.number<uint8_t>();
    field.index = static_cast<IndexKind>(in.number<uint8_t>());
    type.fields.push_back(std::move(field));
  }
  return in.ended ? early() : out.component(type);
}

/// A boolean column's bits as the bytes that `rows` takes.
std::vector<uint8_t> bytes_of_bits(std::span<const uint8_t> packed, uint32_t rows) {
  std::vector<uint8_t> bytes(rows);
  for (uint32_t i = 0; i < rows; i++) bytes[i] = bits::get_byte(packed.data(), i);
  return bytes;
}

Fault read_rows(Reader& in, Restorer& out, const Table& table) {
  const auto rows = in.number<uint32_t>();
  const auto ids = in.list<EntityId>(rows);
  std::vector<ValueColumn> columns;
  std::deque<std::vector<uint8_t>> unpacked;
  for (const Column& column : table.columns()) {
    ValueColumn given{column.field(), {}, {}};
    const bool packed = column.stride() == 0;
    given.values = in.raw(packed ? bits::words_of(rows) * 8 : uint64_t{rows} * column.stride());
    const auto nulls = in.number<uint8_t>();
    if (nulls > 1) return corrupt("a flag is neither 0 nor 1");
    if (nulls == 1) given.validity = in.raw(bits::words_of(rows) * 8);
    if (in.ended) return early();
    if (packed) given.values = unpacked.emplace_back(bytes_of_bits(given.values, rows));
    columns.push_back(given);
  }
  return in.ended ? early() : out.rows(table.id(), ids, columns);
}

}  // namespace

Fault read_snapshot(std::span<const uint8_t> bytes, Limits limits, std::unique_ptr<Store>& store) {
  Reader in(bytes);
  const auto magic = in.raw(4);
  const auto version = in.number<uint32_t>();
  const auto sum = in.number<uint64_t>();
  if (in.ended || std::memcmp(magic.data(), "BBES", 4) != 0) return corrupt("it does not begin as one");
  if (version != kSnapshotVersion) {
    return {Code::unsupported_version, "the snapshot has version " + std::to_string(version) + "; this reads " +
                                           std::to_string(kSnapshotVersion)};
  }
  if (hash::xxh64(bytes.data() + 16, bytes.size() - 16) != sum) return corrupt("its sum is wrong");
  Restorer out(limits);
  for (auto texts = in.number<uint32_t>(); texts > 1 && !in.ended; texts--) {
    const auto text = in.text();
    if (in.ended) break;
    if (Fault fault = out.text(text)) return fault;
  }
  for (auto components = in.number<uint32_t>(); components > 0 && !in.ended; components--) {
    if (Fault fault = read_component(in, out)) return fault;
  }
  for (auto tables = in.number<uint32_t>(); tables > 0 && !in.ended; tables--) {
    const auto list = in.list<ComponentId>(in.number<uint32_t>());
    if (in.ended) break;
    if (Fault fault = out.table(list)) return fault;
  }
  for (auto archetypes = in.number<uint32_t>(); archetypes > 0 && !in.ended; archetypes--) {
    const auto name = in.text();
    const auto table = in.number<TableId>();
    if (in.ended) break;
    if (table >= out.store().table_count()) return corrupt("an archetype has no table");
    if (Fault fault = out.archetype(std::string(name), out.store().table(table).components())) return fault;
  }
  const auto indexes = in.number<uint32_t>();
  const auto free = in.list<FreeIndex>(in.number<uint32_t>());
  for (TableId table = 0; table < out.store().table_count() && !in.ended; table++) {
    if (Fault fault = read_rows(in, out, out.store().table(table))) return fault;
  }
  if (in.ended) return early();
  if (!in.at_end()) return corrupt("something follows it");
  return out.finish(indexes, free, store);
}

}  // namespace busbar::ecs
