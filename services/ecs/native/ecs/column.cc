#include "column.h"

namespace busbar::ecs {

void Column::set_capacity(uint64_t capacity, uint64_t rows) {
  if (stride_ == 0) {
    values_.resize_zeroed((capacity + 7) / 8, (rows + 7) / 8);
  } else {
    values_.resize(capacity * stride_, rows * stride_);
  }
  if (nullable_) validity_.resize_zeroed((capacity + 7) / 8, (rows + 7) / 8);
}

void Column::append_default(uint64_t rows, uint64_t count) {
  if (stride_ != 0) std::memset(values_.data() + rows * stride_, 0, count * stride_);
  if (nullable_) null_count_ += count;
}

void Column::append_copied(uint64_t rows, uint64_t count) {
  if (nullable_) bits::fill(valid_words(), rows, count);
}

void Column::append(uint64_t rows, const ValueColumn& source, uint64_t from, uint64_t count) {
  const uint8_t* valid = source.validity.empty() ? nullptr : source.validity.data();
  if (stride_ == 0) {
    const uint8_t* bytes = source.values.data() + from;
    for (uint64_t i = 0; i < count; i++) words()[(rows + i) >> 6] |= uint64_t{bytes[i] != 0} << ((rows + i) & 63);
  } else {
    std::memcpy(values_.data() + rows * stride_, source.values.data() + from * stride_, count * stride_);
  }
  if (!nullable_) return;
  if (valid == nullptr) {
    bits::fill(valid_words(), rows, count);
    return;
  }
  if (from == 0) {
    bits::append(valid_words(), rows, valid, count);
  } else {
    for (uint64_t i = 0; i < count; i++) {
      if (bits::get_byte(valid, from + i)) bits::set(valid_words(), rows + i, true);
    }
  }
  for (uint64_t i = 0; i < count; i++) {
    if (bits::get_byte(valid, from + i)) continue;
    null_count_++;
    if (stride_ == 0) {
      bits::set(words(), rows + i, false);
    } else {
      std::memset(values_.data() + (rows + i) * stride_, 0, stride_);
    }
  }
}

void Column::append_copy(uint64_t rows, const Column& source, uint64_t source_row) {
  if (stride_ == 0) {
    bits::set(words(), rows, bits::get(source.value_bits(), source_row));
  } else {
    std::memcpy(values_.data() + rows * stride_, source.bytes() + source_row * stride_, stride_);
  }
  if (!nullable_) return;
  const bool null = source.is_null(source_row);
  null_count_ += null;
  bits::set(valid_words(), rows, !null);
}

void Column::set(uint64_t row, const ValueColumn& source, uint64_t item) {
  const bool null = !source.validity.empty() && !bits::get_byte(source.validity.data(), item);
  if (stride_ == 0) {
    bits::set(words(), row, !null && source.values[item] != 0);
  } else if (null) {
    std::memset(values_.data() + row * stride_, 0, stride_);
  } else {
    std::memcpy(values_.data() + row * stride_, source.values.data() + item * stride_, stride_);
  }
  if (!nullable_) return;
  const bool was_null = !bits::get(valid_words(), row);
  null_count_ += static_cast<uint64_t>(null) - static_cast<uint64_t>(was_null);
  bits::set(valid_words(), row, !null);
}

void Column::swap_remove(uint64_t row, uint64_t last) {
  if (stride_ == 0) {
    bits::set(words(), row, bits::get(words(), last));
    bits::set(words(), last, false);
  } else if (row != last) {
    std::memcpy(values_.data() + row * stride_, values_.data() + last * stride_, stride_);
  }
  if (!nullable_) return;
  null_count_ -= !bits::get(valid_words(), row);
  bits::set(valid_words(), row, bits::get(valid_words(), last));
  bits::set(valid_words(), last, false);
}

}  // namespace busbar::ecs
