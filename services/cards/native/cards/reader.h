// Reads big-endian programs (V1, V2) and stops at the first fault.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "fault.h"

namespace busbar::cards {

inline std::string at_byte(size_t offset) { return "byte " + std::to_string(offset); }

/// A cursor that stops at the first fault; reads after it return 0.
class Reader {
 public:
  Reader(const uint8_t* bytes, size_t end) : bytes_(bytes), end_(end) {}

  size_t position() const { return position_; }
  size_t end() const { return end_; }
  bool failed() const { return static_cast<bool>(fault_); }
  const Fault& fault() const { return fault_; }
  void seek(size_t position, size_t end) {
    position_ = position;
    end_ = end;
  }

  void fail(Code code, size_t offset, const std::string& reason) {
    if (!fault_) fault_ = {code, "the program is malformed at " + at_byte(offset) + ": " + reason};
  }
  void fail_value(Code code, const std::string& path, size_t offset, int64_t value, const std::string& problem) {
    if (!fault_) fault_ = {code, path + " (" + at_byte(offset) + ") is " + std::to_string(value) + "; " + problem};
  }

  uint8_t u8(const char* what) { return static_cast<uint8_t>(number(1, what)); }
  uint16_t u16(const char* what) { return static_cast<uint16_t>(number(2, what)); }
  uint32_t u32(const char* what) { return static_cast<uint32_t>(number(4, what)); }
  int32_t i32(const char* what) { return static_cast<int32_t>(number(4, what)); }
  uint64_t u64(const char* what) { return number(8, what); }
  uint16_t u16_little(const char* what) {
    const uint16_t big = u16(what);
    return static_cast<uint16_t>(big >> 8 | big << 8);
  }
  bool flag(const char* what) {
    const uint8_t value = u8(what);
    if (value > 1)
      fail(Code::malformed, position_ - 1, std::string(what) + " is " + std::to_string(value) + ", not 0 or 1");
    return value == 1;
  }

 private:
  uint64_t number(size_t size, const char* what) {
    if (failed()) return 0;
    if (end_ - position_ < size) {
      fail(Code::malformed, position_, std::string("the section ends inside ") + what);
      return 0;
    }
    uint64_t value = 0;
    for (size_t i = 0; i < size; ++i) value = value << 8 | bytes_[position_ + i];
    position_ += size;
    return value;
  }

  const uint8_t* bytes_;
  size_t position_ = 0;
  size_t end_;
  Fault fault_;
};

}  // namespace busbar::cards
