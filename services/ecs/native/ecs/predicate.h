// One filter, made ready for one table.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "kernels.h"
#include "query.h"
#include "store.h"

namespace busbar::ecs {

/// Borrows the table and the filter; valid while neither changes.
class Predicate {
 public:
  Predicate(const Store& store, const Table& table, const Filter& filter);

  /// Known without looking at a row.
  bool always() const { return kind_ == Kind::always; }
  bool never() const { return kind_ == Kind::never; }

  /// Sets the kBlockWords words of `mask` for the rows from `first` (a multiple of kBlockRows).
  void block(uint32_t first, uint32_t rows, uint64_t* mask) const;
  bool holds(uint32_t row) const;

  /// For indexes: what this is about, when an index could answer it.
  const Column* column() const { return column_; }
  const Filter& filter() const { return *filter_; }

 private:
  enum class Kind : uint8_t {
    never,
    always,
    valid,     // not null
    null,
    bits,      // boolean, `low_` says which
    equal,     // bits of one value
    between,   // low_ to high_, the type's own bits, both included
    among,     // sorted `values_`: ordered() of them
    codes,     // utf8: bit set in `values_`
    texts      // utf8: the text itself is compared
  };

  void compile_set(const Filter& filter);
  void compile_range(const Filter& filter);
  void compile_text_range(const Filter& filter);
  void compile_texts(const Filter& filter);
  void between(uint64_t low, uint64_t high);
  bool text_in_range(std::string_view text) const;
  bool value_holds(uint32_t row) const;

  const Store& store_;
  const Filter* filter_;
  const Column* column_ = nullptr;
  uint32_t rows_;
  Kind kind_ = Kind::never;
  uint64_t low_ = 0, high_ = 0;
  std::vector<uint64_t> values_;
};

}  // namespace busbar::ecs
