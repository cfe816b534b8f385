// The first n rows of an order, without sorting the rest.
#pragma once

#include <cstdint>
#include <memory>
#include <new>
#include <vector>

#include "query.h"
#include "slots.h"
#include "store.h"

namespace busbar::ecs {

/// 16 bytes, so that a thousand of them stay in the first-level cache while they are sorted. The id is the table's.
struct Candidate {
  Candidate() = default;
  Candidate(uint64_t first_key, uint32_t in_row, TableId in_table, bool is_null)
      : key(first_key), row(in_row), table(in_table & kTableMask), null(is_null) {}

  static constexpr uint32_t kTableMask = 0x7FFF'FFFF;
  uint64_t key;  ///< of the first order key, so that most comparisons end here; without one, the id
  uint32_t row;
  uint32_t table : 31;
  uint32_t null : 1;  ///< the first key is null, so it comes last; the key is 0
};
static_assert(sizeof(Candidate) == 16 && kTablesMax <= Candidate::kTableMask);

/// Elements that a vector adds by `resize` are not set: all of them are written right after.
template <typename T>
struct Uninitialised : std::allocator<T> {
  template <typename U>
  struct rebind {
    using other = Uninitialised<U>;
  };
  template <typename U>
  void construct(U* at) noexcept {
    ::new (static_cast<void*>(at)) U;
  }
  template <typename U, typename... Values>
  void construct(U* at, Values&&... values) {
    ::new (static_cast<void*>(at)) U(std::forward<Values>(values)...);
  }
};
using Candidates = std::vector<Candidate, Uninitialised<Candidate>>;

/// Compares rows by order keys and, in the end, by id: never equal.
class RowOrder {
 public:
  RowOrder(const Store& store, const std::vector<OrderKey>& keys);

  bool by_id() const { return keys_.empty(); }
  bool operator()(const Candidate& a, const Candidate& b) const {
    if (a.null != b.null) return a.null < b.null;
    if (a.key != b.key) return a.key < b.key;
    return deep_ ? further(a, b) : id_of(a) < id_of(b);
  }
  EntityId id_of(const Candidate& row) const { return store_.table(row.table).ids()[row.row]; }
  /// Appends rows first + (set bits of the mask) of a table, but those that cannot come before `limit` (null: none
  /// such).
  void candidates(const Table& table, uint32_t first, const uint64_t* mask, const Candidate* limit,
                  Candidates& out) const;
  void candidates(const Table& table, std::span<const uint32_t> rows, const Candidate* limit, Candidates& out) const;

 private:
  template <typename Rows>
  void each(const Table& table, const Candidate* limit, Candidates& out, size_t rows_max, Rows&& rows) const;
  bool further(const Candidate& a, const Candidate& b) const;

  const Store& store_;
  std::vector<OrderKey> keys_;
  /// Equal first keys do not decide yet: there are more keys, or texts whose prefixes are equal.
  bool deep_ = false;
};

/// Takes candidates in any order, keeps the first `keep` (0: all).
class Top {
 public:
  Top(const RowOrder& order, uint64_t keep) : order_(order), keep_(keep) {}

  void add(const Table& table, uint32_t first, const uint64_t* mask);
  void add(const Table& table, std::span<const uint32_t> rows);
  /// Sorted; `keep` at most.
  Candidates take();

 private:
  void keep_first();
  void cut();

  const RowOrder& order_;
  uint64_t keep_;
  bool limited_ = false;
  Candidate limit_{};
  Candidates found_;
};

}  // namespace busbar::ecs
