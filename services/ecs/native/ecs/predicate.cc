#include "predicate.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "ordering.h"

namespace busbar::ecs {
namespace {

/// Up to here, comparing a block with each value beats a search per row.
constexpr size_t kFewValues = 8;

template <typename T>
uint64_t bits_of(T value) {
  uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof value);
  return bits;
}

template <typename T>
T value_of(uint64_t bits) {
  T value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

/// The lowest value that meets a lower bound (`up`), or the highest that meets an upper one. @returns false: none does
template <typename T>
bool closed(const Bound& bound, bool up, T& value) {
  using Limits = std::numeric_limits<T>;
  if (bound.kind == BoundKind::open) {
    value = up ? Limits::lowest() : Limits::max();
    return true;
  }
  value = value_of<T>(bound.value.bits);
  if (bound.kind == BoundKind::inclusive) return true;
  if (value == (up ? Limits::max() : Limits::lowest())) return false;
  if constexpr (std::floating_point<T>) {
    // Stored values are finite, so the next double beyond is the first that counts.
    value = std::nextafter(value, up ? Limits::infinity() : -Limits::infinity());
  } else {
    value = static_cast<T>(up ? value + 1 : value - 1);
  }
  return true;
}

}  // namespace

Predicate::Predicate(const Store& store, const Table& table, const Filter& filter)
    : store_(store), filter_(&filter), rows_(table.rows()) {
  const auto known = [this](bool holds) { kind_ = holds ? Kind::always : Kind::never; };
  if (filter.kind == FilterKind::has || filter.kind == FilterKind::has_not) {
    known(table.has(filter.component) == (filter.kind == FilterKind::has));
    return;
  }
  column_ = table.column(filter.field);
  const bool some_null = column_ != nullptr && column_->null_count() > 0;
  switch (filter.kind) {
    case FilterKind::exists:
      known(column_ != nullptr);
      if (some_null) kind_ = Kind::valid;
      return;
    case FilterKind::not_exists:
      known(column_ == nullptr);
      if (some_null) kind_ = Kind::null;
      return;
    default:
      break;
  }
  if (column_ == nullptr || column_->null_count() == rows_) return;
  if (filter.kind == FilterKind::range) {
    compile_range(filter);
  } else {
    compile_set(filter);
  }
}

void Predicate::between(uint64_t low, uint64_t high) {
  kind_ = Kind::between;
  low_ = low;
  high_ = high;
  const bool is_float = column_->type() == FieldType::f32 || column_->type() == FieldType::f64;
  if (low == high && !is_float) kind_ = Kind::equal;
}

void Predicate::compile_set(const Filter& filter) {
  if (filter.values.empty()) return;
  const FieldType type = column_->type();
  if (type == FieldType::utf8) return compile_texts(filter);
  if (type == FieldType::boolean) {
    const auto wants = [&](uint64_t bit) {
      return std::any_of(filter.values.begin(), filter.values.end(), [&](const Value& v) { return v.bits == bit; });
    };
    if (wants(0) && wants(1)) {
      kind_ = column_->null_count() > 0 ? Kind::valid : Kind::always;
    } else {
      kind_ = Kind::bits;
      low_ = wants(1);
    }
    return;
  }
  if (filter.values.size() == 1) return between(filter.values[0].bits, filter.values[0].bits);
  kind_ = Kind::among;
  for (const Value& value : filter.values) values_.push_back(ordered(value));
  std::sort(values_.begin(), values_.end());
  values_.erase(std::unique(values_.begin(), values_.end()), values_.end());
}

void Predicate::compile_texts(const Filter& filter) {
  std::vector<uint64_t> codes;
  for (const Value& value : filter.values) {
    if (const auto code = store_.dictionary().find(value.text)) codes.push_back(*code);
  }
  std::sort(codes.begin(), codes.end());
  codes.erase(std::unique(codes.begin(), codes.end()), codes.end());
  if (codes.empty()) return;
  if (codes.size() == 1) return between(codes[0], codes[0]);
  kind_ = Kind::among;
  values_ = std::move(codes);
}

void Predicate::compile_range(const Filter& filter) {
  const FieldType type = column_->type();
  if (type == FieldType::utf8) return compile_text_range(filter);
  if (type == FieldType::boolean) {
    const auto inside = [&](uint64_t bit) {
      const auto meets = [&](const Bound& bound, bool below) {
        return bound.kind == BoundKind::open || (below ? bound.value.bits < bit : bound.value.bits > bit) ||
               (bound.kind == BoundKind::inclusive && bound.value.bits == bit);
      };
      return meets(filter.low, true) && meets(filter.high, false);
    };
    if (inside(0) && inside(1)) {
      kind_ = column_->null_count() > 0 ? Kind::valid : Kind::always;
    } else if (inside(0) || inside(1)) {
      kind_ = Kind::bits;
      low_ = inside(1);
    }
    return;
  }
  with_type(type, [&]<typename T>(T low) {
    T high;
    if (closed(filter.low, true, low) && closed(filter.high, false, high) && low <= high) {
      between(bits_of(low), bits_of(high));
    }
  });
}

bool Predicate::text_in_range(std::string_view text) const {
  const Bound &low = filter_->low, &high = filter_->high;
  if (low.kind != BoundKind::open) {
    const int order = text.compare(low.value.text);
    if (order < 0 || (order == 0 && low.kind == BoundKind::exclusive)) return false;
  }
  if (high.kind == BoundKind::open) return true;
  const int order = text.compare(high.value.text);
  return order < 0 || (order == 0 && high.kind == BoundKind::inclusive);
}

void Predicate::compile_text_range(const Filter&) {
  const Dictionary& texts = store_.dictionary();
  kind_ = Kind::texts;
  // With fewer texts than rows, each text is compared once and rows look it up.
  if (texts.size() > rows_) return;
  kind_ = Kind::codes;
  values_.assign(bits::words_of(texts.size()), 0);
  for (uint32_t code = 0; code < texts.size(); code++) bits::set(values_.data(), code, text_in_range(texts.text(code)));
}

bool Predicate::value_holds(uint32_t row) const {
  const Column& column = *column_;
  switch (kind_) {
    case Kind::bits:
      return bits::get(column.value_bits(), row) == (low_ != 0);
    case Kind::codes:
      return bits::get(values_.data(), column.data<uint32_t>()[row]);
    case Kind::texts:
      return text_in_range(store_.dictionary().text(column.data<uint32_t>()[row]));
    default:
      return with_type(column.type(), [&]<typename T>(T) {
        const T value = column.data<T>()[row];
        if (kind_ == Kind::among) return std::binary_search(values_.begin(), values_.end(), ordered(value));
        return value >= value_of<T>(low_) && value <= value_of<T>(high_);
      });
  }
}

bool Predicate::holds(uint32_t row) const {
  switch (kind_) {
    case Kind::never:
      return false;
    case Kind::always:
      return true;
    case Kind::null:
      return column_->is_null(row);
    case Kind::valid:
      return !column_->is_null(row);
    default:
      return !column_->is_null(row) && value_holds(row);
  }
}

void Predicate::block(uint32_t first, uint32_t rows, uint64_t* mask) const {
  const Column& column = *column_;
  const auto type = static_cast<size_t>(column.type());
  const uint64_t words = bits::words_of(rows);
  const uint8_t* values = column.bytes() + uint64_t{first} * column.stride();
  switch (kind_) {
    case Kind::equal:
      kernels().equal[type](values, rows, low_, mask);
      break;
    case Kind::between:
      kernels().between[type](values, rows, low_, high_, mask);
      break;
    case Kind::bits: {
      const uint64_t* source = column.value_bits() + first / 64;
      for (uint64_t i = 0; i < words; i++) mask[i] = low_ != 0 ? source[i] : ~source[i];
      std::fill(mask + words, mask + kBlockWords, 0);
      if (rows % 64 != 0) mask[words - 1] &= bits::low_mask(rows % 64);
      break;
    }
    case Kind::valid:
    case Kind::null: {
      const uint64_t* source = column.validity() + first / 64;
      for (uint64_t i = 0; i < words; i++) mask[i] = kind_ == Kind::valid ? source[i] : ~source[i];
      std::fill(mask + words, mask + kBlockWords, 0);
      if (rows % 64 != 0) mask[words - 1] &= bits::low_mask(rows % 64);
      return;
    }
    default: {
      std::fill(mask, mask + kBlockWords, 0);
      const bool few = kind_ == Kind::among && values_.size() <= kFewValues && column.type() == FieldType::utf8;
      if (few) {
        uint64_t one[kBlockWords];
        for (const uint64_t code : values_) {
          kernels().equal[type](values, rows, code, one);
          for (uint32_t i = 0; i < kBlockWords; i++) mask[i] |= one[i];
        }
      } else {
        for (uint32_t i = 0; i < rows; i++) mask[i / 64] |= uint64_t{value_holds(first + i)} << (i % 64);
      }
    }
  }
  if (column.null_count() == 0) return;
  for (uint64_t i = 0; i < words; i++) mask[i] &= column.validity()[first / 64 + i];
}

}  // namespace busbar::ecs
