// Bytes of a state: what is written here is read by snapshot_read.cc.
#include "snapshot.h"

#include "core/hash/hash.h"

namespace busbar::ecs {
namespace {

class Writer {
 public:
  template <typename Number>
  void number(Number value) {
    raw(&value, sizeof value);
  }
  void raw(const void* data, size_t size) {
    if (size == 0) return;
    const auto* from = static_cast<const uint8_t*>(data);
    bytes.insert(bytes.end(), from, from + size);
  }
  void text(std::string_view value) {
    number(static_cast<uint32_t>(value.size()));
    raw(value.data(), value.size());
  }
  void list(std::span<const ComponentId> components) {
    number(static_cast<uint32_t>(components.size()));
    raw(components.data(), components.size() * sizeof(ComponentId));
  }
  std::vector<uint8_t> bytes;
};

void write_definitions(const Store& store, Writer& out) {
  out.number(store.dictionary().size());
  for (uint32_t code = 1; code < store.dictionary().size(); code++) out.text(store.dictionary().text(code));
  out.number(store.component_count());
  for (ComponentId id = 0; id < store.component_count(); id++) {
    const ComponentType& type = store.component(id);
    out.text(type.name);
    out.number(static_cast<uint32_t>(type.fields.size()));
    for (const Field& field : type.fields) {
      out.text(field.name);
      out.number(static_cast<uint8_t>(field.type));
      out.number(static_cast<uint8_t>(field.nullable));
      out.number(field.width);
      out.number(static_cast<uint8_t>(field.index));
    }
  }
  out.number(store.table_count());
  for (TableId id = 0; id < store.table_count(); id++) out.list(store.table(id).components());
  out.number(static_cast<uint32_t>(store.archetypes().size()));
  for (const auto& [name, table] : store.archetypes()) {
    out.text(name);
    out.number(table);
  }
}

void write_free(const Store& store, Writer& out) {
  out.number(store.index_count());
  const auto free = store.free_indexes();
  out.number(static_cast<uint32_t>(free.size()));
  for (const FreeIndex& entry : free) {
    out.number(entry.index);
    out.number(entry.generation);
  }
}

uint64_t value_bytes(const Column& column, uint32_t rows) {
  return column.stride() == 0 ? bits::words_of(rows) * 8 : uint64_t{rows} * column.stride();
}

/// Beside the rows; a store with more of it grows its bytes once.
constexpr uint64_t kReservedForTheRest = 65'536;

}  // namespace

std::vector<uint8_t> write_snapshot(const Store& store) {
  Writer out;
  // Growing a vector of this size would copy it several times. Definitions and free indexes are few beside the rows.
  uint64_t rows_bytes = 0;
  for (TableId id = 0; id < store.table_count(); id++) {
    const Table& table = store.table(id);
    rows_bytes += sizeof(uint32_t) + table.ids().size_bytes();
    for (const Column& column : table.columns()) {
      rows_bytes += value_bytes(column, table.rows()) + 1;
      if (column.null_count() > 0) rows_bytes += bits::words_of(table.rows()) * 8;
    }
  }
  out.bytes.reserve(rows_bytes + kReservedForTheRest);
  out.raw("BBES", 4);
  out.number(kSnapshotVersion);
  out.number(uint64_t{0});
  write_definitions(store, out);
  write_free(store, out);
  for (TableId id = 0; id < store.table_count(); id++) {
    const Table& table = store.table(id);
    out.number(table.rows());
    out.raw(table.ids().data(), table.ids().size_bytes());
    for (const Column& column : table.columns()) {
      out.raw(column.bytes(), value_bytes(column, table.rows()));
      out.number(static_cast<uint8_t>(column.null_count() > 0));
      if (column.null_count() > 0) out.raw(column.validity(), bits::words_of(table.rows()) * 8);
    }
  }
  const uint64_t hash = hash::xxh64(out.bytes.data() + 16, out.bytes.size() - 16);
  std::memcpy(out.bytes.data() + 8, &hash, sizeof hash);
  return std::move(out.bytes);
}

uint64_t StateHash::of(const Store& store) {
  if (store_ != &store) parts_.clear();
  store_ = &store;
  parts_.resize(store.table_count());
  Writer head;
  write_definitions(store, head);
  write_free(store, head);
  for (TableId id = 0; id < store.table_count(); id++) {
    const Table& table = store.table(id);
    auto& parts = parts_[id];
    parts.resize(table.columns().size() + 1);
    const auto part = [&](size_t at, uint64_t version, auto&& compute) {
      if (parts[at].version != version || parts[at].rows_version != table.version()) {
        parts[at] = {version, table.version(), compute()};
      }
      head.number(parts[at].hash);
    };
    head.number(table.rows());
    part(0, 0, [&] { return hash::xxh64(table.ids().data(), table.ids().size_bytes()); });
    for (size_t i = 0; i < table.columns().size(); i++) {
      const Column& column = table.columns()[i];
      part(i + 1, column.version(), [&] {
        hash::Xxh64 sum;
        sum.update(column.bytes(), value_bytes(column, table.rows()));
        if (column.null_count() > 0) sum.update(column.validity(), bits::words_of(table.rows()) * 8);
        return sum.digest();
      });
    }
  }
  return hash::xxh64(head.bytes.data(), head.bytes.size());
}

}  // namespace busbar::ecs
