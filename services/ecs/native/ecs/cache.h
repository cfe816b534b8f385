// Results of questions, as long as nothing they read has changed.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "query.h"

namespace busbar::ecs {

/// Versions of everything a question read: the set of tables, each table, each column that was looked at.
class ReadSet {
 public:
  ReadSet() = default;
  ReadSet(const Store& store, const Query& query);
  bool unchanged(const Store& store) const;
  std::span<const TableId> tables() const { return tables_; }
  uint64_t memory_bytes() const;

 private:
  struct Read {
    const Column* column;
    uint64_t version;
  };
  uint64_t tables_version_ = 0;
  std::vector<TableId> tables_;
  std::vector<uint64_t> table_versions_;
  std::vector<Read> columns_;
};

/// Least recently used out, once the bytes are too many.
class ResultCache {
 public:
  explicit ResultCache(uint64_t bytes_max) : bytes_max_(bytes_max) {}

  /// nullptr: unknown or no longer true.
  std::shared_ptr<const Result> find(const Store& store, std::string_view key);
  /// A result that alone takes more than a quarter of the bytes is not kept.
  void put(std::string key, ReadSet reads, std::shared_ptr<const Result> result);
  void clear();
  uint64_t bytes() const { return bytes_; }
  uint64_t entries() const { return entries_.size(); }

 private:
  struct Entry {
    std::string key;
    ReadSet reads;
    std::shared_ptr<const Result> result;
    uint64_t bytes;
  };
  void drop(std::list<Entry>::iterator entry);

  uint64_t bytes_max_;
  uint64_t bytes_ = 0;
  std::list<Entry> entries_;  ///< most recent first
  /// Views into the entries' keys. Only looked up, never walked.
  std::unordered_map<std::string_view, std::list<Entry>::iterator> places_;
};

}  // namespace busbar::ecs
