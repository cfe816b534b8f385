// What both halves of the V3 reader ask of values: they check them while they copy them, and keep the first fault.
#pragma once

#include <string>
#include <vector>

#include "fault.h"
#include "program.h"
#include "program_generated.h"

namespace busbar::cards {

/// Paths in faults are those of program.fbs.
class V3Checks {
 protected:
  using Path = std::string;

  void fail(Code code, const Path& path, int64_t value, const std::string& problem) {
    if (!fault_) fault_ = {code, path + " is " + std::to_string(value) + "; " + problem};
  }
  uint32_t in(const Path& path, int64_t value, int64_t low, int64_t high) {
    if (value < low || value > high) {
      fail(Code::out_of_range, path, value, "allowed are " + std::to_string(low) + " to " + std::to_string(high));
    }
    return static_cast<uint32_t>(value);
  }
  template <class To, class From>
  To name(const Path& path, From value, uint32_t last, const char* what) {
    const auto number = static_cast<uint32_t>(value);
    if (number > last) fail(Code::malformed, path, number, std::string("there is no such ") + what);
    return static_cast<To>(number);
  }
  uint8_t none_or(const Path& path, uint8_t value, uint8_t high, const char* what) {
    if (value > high && value != kNone) {
      fail(Code::out_of_range, path, value, std::string("a ") + what + " is 0 to " + std::to_string(high) + ", or 255");
    }
    return value;
  }
  uint8_t suit(const Path& path, uint8_t value) { return none_or(path, value, 3, "suit"); }
  uint8_t rank(const Path& path, uint8_t value) { return none_or(path, value, 12, "rank"); }
  static Path at(const Path& path, uint32_t i) { return path + "[" + std::to_string(i) + "]"; }

  template <class Vector>
  uint32_t size(const Path& path, const Vector* vector, uint32_t max) {
    const uint32_t count = vector == nullptr ? 0 : vector->size();
    if (count > max) {
      if (!fault_)
        fault_ = {Code::limit_exceeded,
                  path + " is " + std::to_string(count) + ", the limit is " + std::to_string(max)};
      return 0;
    }
    return count;
  }

  /// Ranks or suits, each at most once.
  std::vector<uint8_t> codes(const Path& path, const flatbuffers::Vector<uint8_t>* from, uint8_t last) {
    std::vector<uint8_t> list;
    uint32_t seen = 0;
    const uint32_t count = size(path, from, last + 1u);
    for (uint32_t i = 0; i < count; ++i) {
      const uint8_t value = from->Get(i);
      in(at(path, i), value, 0, last);
      if (value <= last && (seen >> value & 1) != 0) fail(Code::out_of_range, at(path, i), value, "it is there twice");
      if (value <= last) seen |= 1u << value;
      list.push_back(value);
    }
    return list;
  }

  Fault fault_;
};

}  // namespace busbar::cards
