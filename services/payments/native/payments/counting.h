// Sorting by a small whole number, in linear time and without changing the order of equals.
#pragma once

#include <cstdint>
#include <vector>

namespace busbar::payments {

/// Fills `sorted` with item(0), ..., item(count - 1) by key_of(item), which is below `keys`; the items of a key are from
/// starts[key] to starts[key + 1].
template <class Item, class Key>
void sort_by_count(uint32_t count, uint32_t keys, std::vector<uint32_t>& starts, std::vector<uint32_t>& sorted,
                   Item item, Key key_of) {
  starts.assign(size_t{keys} + 2, 0);
  for (uint32_t i = 0; i < count; ++i) starts[key_of(item(i)) + 2] += 1;
  for (uint32_t key = 0; key < keys; ++key) starts[key + 2] += starts[key + 1];
  sorted.resize(count);
  // The start of a key is kept one place further on, so that it is where the key before ends once all are placed.
  for (uint32_t i = 0; i < count; ++i) sorted[starts[key_of(item(i)) + 1]++] = item(i);
  starts.pop_back();
}

}  // namespace busbar::payments
