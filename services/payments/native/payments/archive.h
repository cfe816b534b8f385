// Bytes of a state, little endian, written and read by one description of its fields.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "fault.h"

namespace busbar::payments {

/// Appends to a buffer that is kept between uses, so that it grows only once.
class Writer {
 public:
  static constexpr bool kReads = false;

  explicit Writer(std::string& buffer) : buffer_(buffer) {}

  /// Always in place: nearly all is scalars, of which a call would cost more than the copy.
  [[gnu::always_inline]] void raw(const void* data, size_t bytes) {
    if (at_ + bytes > buffer_.size()) [[unlikely]]
      grow(bytes);
    if (bytes > 0) std::memcpy(buffer_.data() + at_, data, bytes);
    at_ += bytes;
  }
  template <class Scalar>
  void io(const Scalar& value) {
    static_assert(std::is_arithmetic_v<Scalar> || std::is_enum_v<Scalar>);
    raw(&value, sizeof value);
  }
  void text(const std::string& value) {
    io(static_cast<uint32_t>(value.size()));
    raw(value.data(), value.size());
  }
  /// Elements without padding.
  template <class Element>
  void list(const std::vector<Element>& values, size_t) {
    static_assert(std::is_trivially_copyable_v<Element>);
    io(static_cast<uint32_t>(values.size()));
    raw(values.data(), values.size() * sizeof(Element));
  }
  size_t count(size_t size, size_t) {
    io(static_cast<uint32_t>(size));
    return size;
  }

  /// Begins anew in the same buffer.
  void clear() { at_ = 0; }
  std::string_view written() const { return {buffer_.data(), at_}; }

 private:
  [[gnu::noinline]] void grow(size_t bytes) { buffer_.resize((at_ + bytes) * 2 + 4096); }

  std::string& buffer_;
  size_t at_ = 0;
};

/// Reads what a Writer wrote; believes no length.
class Reader {
 public:
  static constexpr bool kReads = true;

  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  [[noreturn]] static void corrupt(const std::string& reason) {
    throw Refusal(Code::corrupt_state, {}, "the checkpoint cannot be used: " + reason);
  }
  void raw(void* data, size_t bytes) {
    if (bytes > bytes_.size()) corrupt("it ends early");
    if (bytes > 0) std::memcpy(data, bytes_.data(), bytes);
    bytes_.remove_prefix(bytes);
  }
  template <class Scalar>
  void io(Scalar& value) {
    static_assert(std::is_arithmetic_v<Scalar> || std::is_enum_v<Scalar>);
    static_assert(!std::is_same_v<Scalar, bool>, "a byte that is neither 0 nor 1 is no bool");
    raw(&value, sizeof value);
  }
  void text(std::string& value) {
    value.resize(length(1));
    raw(value.data(), value.size());
  }
  template <class Element>
  void list(std::vector<Element>& values, size_t max) {
    values.resize(count(0, max, sizeof(Element)));
    raw(values.data(), values.size() * sizeof(Element));
  }
  size_t count(size_t, size_t max, size_t bytes_each = 1) {
    const size_t size = length(bytes_each);
    if (size > max) corrupt("a list of " + std::to_string(size) + " is longer than " + std::to_string(max));
    return size;
  }
  bool at_end() const { return bytes_.empty(); }
  size_t left() const { return bytes_.size(); }

 private:
  size_t length(size_t bytes_each) {
    uint32_t size = 0;
    io(size);
    if (size > bytes_.size() / bytes_each) corrupt("it ends early");
    return size;
  }

  std::string_view bytes_;
};

}  // namespace busbar::payments
