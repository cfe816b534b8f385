// Values of one field for the rows of one table, in Arrow's layout.
#pragma once

#include "bits.h"
#include "buffer.h"
#include "types.h"

namespace busbar::ecs {

/// Canonical: the value behind a null is 0, and bits beyond the last row are 0. The table keeps `capacity` rows of room.
class Column {
 public:
  Column(FieldId id, const Field& field)
      : field_(id), type_(field.type), nullable_(field.nullable), stride_(stride_of(field.type, field.width)) {}

  FieldId field() const { return field_; }
  FieldType type() const { return type_; }
  bool nullable() const { return nullable_; }
  /// Bytes of a value; 0: bits.
  uint32_t stride() const { return stride_; }
  uint64_t null_count() const { return null_count_; }
  /// Store's clock at the last change of a value in place. Rows that come and go change the table's version.
  uint64_t version() const { return version_; }

  /// Aligned to 64 bytes; nullptr before the first row. Valid until the table grows.
  template <typename T>
  const T* data() const {
    return values_.as<T>();
  }
  const uint8_t* bytes() const { return values_.data(); }
  const uint64_t* value_bits() const { return values_.as<uint64_t>(); }
  /// nullptr: no row is null.
  const uint64_t* validity() const { return null_count_ > 0 ? validity_.as<uint64_t>() : nullptr; }
  bool is_null(uint64_t row) const { return null_count_ > 0 && !bits::get(validity_.as<uint64_t>(), row); }

  /// For systems, through Store::write_column. Every f32 and f64 left here must be finite (Store::first_not_finite).
  template <typename T>
  T* mutable_data() {
    return values_.as<T>();
  }
  uint64_t memory_bytes() const { return values_.capacity() + validity_.capacity(); }

  // What follows is for the table.
  void set_version(uint64_t version) { version_ = version; }
  void set_capacity(uint64_t capacity, uint64_t rows);
  /// `count` rows of zeros; nullable ones are null.
  void append_default(uint64_t rows, uint64_t count);
  /// `count` rows whose values have been put behind those that are there; none is null. Not for bits.
  void append_copied(uint64_t rows, uint64_t count);
  /// Items [from, from + count) of a column that has been checked.
  void append(uint64_t rows, const ValueColumn& source, uint64_t from, uint64_t count);
  void append_copy(uint64_t rows, const Column& source, uint64_t source_row);
  void set(uint64_t row, const ValueColumn& source, uint64_t item);
  /// Moves the last row over `row` and drops it.
  void swap_remove(uint64_t row, uint64_t last);

 private:
  uint64_t* words() { return values_.as<uint64_t>(); }
  uint64_t* valid_words() { return validity_.as<uint64_t>(); }

  FieldId field_;
  FieldType type_;
  bool nullable_;
  uint32_t stride_;
  uint64_t null_count_ = 0;
  uint64_t version_ = 0;
  Buffer values_;
  Buffer validity_;
};

}  // namespace busbar::ecs
