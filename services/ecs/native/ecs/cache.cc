#include "cache.h"

#include <algorithm>

namespace busbar::ecs {

ReadSet::ReadSet(const Store& store, const Query& query)
    : tables_version_(store.tables_version()), tables_(store.matching(query.all, query.any_of)) {
  std::vector<FieldId> fields(query.select);
  const auto add = [&](const Filter& filter) {
    if (filter.kind < FilterKind::has) fields.push_back(filter.field);
  };
  for (const Filter& filter : query.filters) add(filter);
  for (const OrGroup& group : query.any) std::for_each(group.begin(), group.end(), add);
  for (const OrderKey& key : query.order_by) fields.push_back(key.field);
  std::sort(fields.begin(), fields.end());
  fields.erase(std::unique(fields.begin(), fields.end()), fields.end());
  for (const TableId table : tables_) {
    table_versions_.push_back(store.table(table).version());
    for (const FieldId field : fields) {
      const Column* column = store.table(table).column(field);
      if (column != nullptr) columns_.push_back({column, column->version()});
    }
  }
}

bool ReadSet::unchanged(const Store& store) const {
  if (store.tables_version() != tables_version_) return false;
  for (size_t i = 0; i < tables_.size(); i++) {
    if (store.table(tables_[i]).version() != table_versions_[i]) return false;
  }
  return std::all_of(columns_.begin(), columns_.end(),
                     [](const Read& read) { return read.column->version() == read.version; });
}

uint64_t ReadSet::memory_bytes() const {
  return tables_.capacity() * sizeof(TableId) + table_versions_.capacity() * 8 + columns_.capacity() * sizeof(Read);
}

std::shared_ptr<const Result> ResultCache::find(const Store& store, std::string_view key) {
  const auto place = places_.find(key);
  if (place == places_.end()) return nullptr;
  const auto entry = place->second;
  if (!entry->reads.unchanged(store)) {
    drop(entry);
    return nullptr;
  }
  entries_.splice(entries_.begin(), entries_, entry);
  return entry->result;
}

void ResultCache::put(std::string key, ReadSet reads, std::shared_ptr<const Result> result) {
  // The entry, its list node and its place in the map.
  const uint64_t bytes = result->memory_bytes() + key.capacity() + reads.memory_bytes() + sizeof(Entry) + 64;
  if (bytes > bytes_max_ / 4) return;
  const auto known = places_.find(key);
  if (known != places_.end()) drop(known->second);
  entries_.push_front({std::move(key), std::move(reads), std::move(result), bytes});
  places_.emplace(entries_.front().key, entries_.begin());
  bytes_ += bytes;
  while (bytes_ > bytes_max_) drop(std::prev(entries_.end()));
}

void ResultCache::drop(std::list<Entry>::iterator entry) {
  bytes_ -= entry->bytes;
  places_.erase(entry->key);
  entries_.erase(entry);
}

void ResultCache::clear() {
  places_.clear();
  entries_.clear();
  bytes_ = 0;
}

}  // namespace busbar::ecs
