#include "top.h"

#include <algorithm>
#include <bit>

#include "kernels.h"
#include "ordering.h"
#include "sorting.h"

namespace busbar::ecs {
namespace {

/// Candidates beyond what is kept, before they are cut: a cut costs its length, so it should be rare.
constexpr uint64_t kSlack = 4'096;

template <typename Body>
void each_bit(const uint64_t* mask, Body&& body) {
  for (uint32_t word = 0; word < kBlockWords; word++) {
    if (mask[word] == ~uint64_t{0}) {
      for (uint32_t bit = 0; bit < 64; bit++) body(word * 64 + bit);
      continue;
    }
    for (uint64_t left = mask[word]; left != 0; left &= left - 1) {
      body(word * 64 + static_cast<uint32_t>(std::countr_zero(left)));
    }
  }
}

}  // namespace

RowOrder::RowOrder(const Store& store, const std::vector<OrderKey>& keys) : store_(store), keys_(keys) {
  deep_ = keys.size() > 1 || (keys.size() == 1 && store.field(keys[0].field).field.type == FieldType::utf8);
}

template <typename Rows>
void RowOrder::each(const Table& table, const Candidate* limit, Candidates& out, size_t rows_max, Rows&& rows) const {
  const EntityId* const ids = table.ids().data();
  const TableId id = table.id();
  const size_t before = out.size();
  out.resize(before + rows_max);
  Candidate* end = out.data() + before;
  const auto add = [&](uint32_t row, uint64_t key, uint32_t null) {
    if (limit != nullptr && (null > limit->null || (null == limit->null && key > limit->key))) return;
    *end++ = {key, row, id, null != 0};
  };
  const auto all = [&](auto&& body) {
    rows(body);
    out.resize(static_cast<size_t>(end - out.data()));
  };
  if (keys_.empty()) {
    all([&](uint32_t row) { add(row, ids[row], 0); });
    return;
  }
  const Column* column = table.column(keys_[0].field);
  if (column == nullptr) {
    all([&](uint32_t row) { add(row, 0, 1); });
    return;
  }
  const uint64_t flip = keys_[0].descending ? ~uint64_t{0} : 0;
  const auto with = [&](auto&& key_at) {
    if (column->null_count() == 0) {
      all([&](uint32_t row) { add(row, key_at(row) ^ flip, 0); });
    } else {
      all([&](uint32_t row) {
        const bool null = column->is_null(row);
        add(row, null ? 0 : key_at(row) ^ flip, null);
      });
    }
  };
  if (column->type() == FieldType::boolean || column->type() == FieldType::utf8) {
    with([&](uint32_t row) { return ordered_at(*column, store_.dictionary(), row); });
  } else {
    with_type(column->type(), [&]<typename T>(T) {
      const T* values = column->data<T>();
      with([values](uint32_t row) { return ordered(values[row]); });
    });
  }
}

void RowOrder::candidates(const Table& table, uint32_t first, const uint64_t* mask, const Candidate* limit,
                          Candidates& out) const {
  size_t rows = 0;
  for (uint32_t word = 0; word < kBlockWords; word++) rows += static_cast<size_t>(std::popcount(mask[word]));
  each(table, limit, out, rows, [&](auto&& body) { each_bit(mask, [&](uint32_t bit) { body(first + bit); }); });
}

void RowOrder::candidates(const Table& table, std::span<const uint32_t> rows, const Candidate* limit,
                          Candidates& out) const {
  each(table, limit, out, rows.size(), [&](auto&& body) {
    for (const uint32_t row : rows) body(row);
  });
}

bool RowOrder::further(const Candidate& a, const Candidate& b) const {
  const Dictionary& texts = store_.dictionary();
  for (size_t i = 0; i < keys_.size(); i++) {
    const Column* left = store_.table(a.table).column(keys_[i].field);
    const Column* right = store_.table(b.table).column(keys_[i].field);
    const bool left_null = left == nullptr || left->is_null(a.row);
    const bool right_null = right == nullptr || right->is_null(b.row);
    if (left_null != right_null) return right_null;
    if (left_null) continue;
    if (left->type() == FieldType::utf8) {
      const uint32_t one = left->data<uint32_t>()[a.row], other = right->data<uint32_t>()[b.row];
      if (one == other) continue;
      return (texts.text(one) < texts.text(other)) != keys_[i].descending;
    }
    const uint64_t one = ordered_at(*left, texts, a.row), other = ordered_at(*right, texts, b.row);
    if (one != other) return (one < other) != keys_[i].descending;
  }
  return id_of(a) < id_of(b);
}

void Top::add(const Table& table, uint32_t first, const uint64_t* mask) {
  order_.candidates(table, first, mask, limited_ ? &limit_ : nullptr, found_);
  cut();
}

void Top::add(const Table& table, std::span<const uint32_t> rows) {
  // In parts, so that most are held against the limit that the first ones set.
  for (size_t at = 0; at < rows.size(); at += kBlockRows) {
    order_.candidates(table, rows.subspan(at, std::min<size_t>(kBlockRows, rows.size() - at)),
                      limited_ ? &limit_ : nullptr, found_);
    cut();
  }
}

void Top::keep_first() {
  // By reference: algorithms copy what they are given, and an order owns its keys.
  const auto before = [this](const Candidate& a, const Candidate& b) { return order_(a, b); };
  std::nth_element(found_.begin(), found_.begin() + static_cast<ptrdiff_t>(keep_ - 1), found_.end(), before);
  found_.resize(keep_);
}

void Top::cut() {
  if (keep_ == 0 || found_.size() < keep_ + std::max(keep_, kSlack)) return;
  keep_first();
  limit_ = found_.back();
  limited_ = true;
}

Candidates Top::take() {
  if (keep_ != 0 && found_.size() > keep_) keep_first();
  sort_candidates(found_, order_);
  return std::move(found_);
}

}  // namespace busbar::ecs
