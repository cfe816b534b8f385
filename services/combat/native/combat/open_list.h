// The queue of a search: lower f first, then higher g, then the lower place.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace busbar::combat {

struct OpenEntry {
  double f, g;
  uint32_t place;
};

class OpenList {
 public:
  void clear() { entries_.clear(); }
  bool empty() const { return entries_.empty(); }
  void push(OpenEntry entry) {
    entries_.push_back(entry);
    std::push_heap(entries_.begin(), entries_.end(), later);
  }
  OpenEntry pop() {
    std::pop_heap(entries_.begin(), entries_.end(), later);
    const OpenEntry entry = entries_.back();
    entries_.pop_back();
    return entry;
  }

 private:
  static bool later(const OpenEntry& a, const OpenEntry& b) {
    if (a.f != b.f) return a.f > b.f;
    if (a.g != b.g) return a.g < b.g;
    return a.place > b.place;
  }
  std::vector<OpenEntry> entries_;
};

}  // namespace busbar::combat
