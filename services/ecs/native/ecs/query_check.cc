// What a query may ask, and the one form of queries that ask the same.
#include <algorithm>
#include <bit>
#include <cmath>

#include "query_check.h"

namespace busbar::ecs {
namespace {

Fault check_value(const FieldInfo& info, const Value& value) {
  const FieldType type = info.field.type;
  if (value.type != type) {
    return {Code::type_mismatch, info.path + " is " + std::string(name_of(type)) + ", the filter's value is " +
                                     std::string(name_of(value.type)) + "; write a value of the field's type"};
  }
  const auto refuse = [&](const char* problem) { return Fault{Code::out_of_range, info.path + ": " + problem}; };
  const auto integer = static_cast<int64_t>(value.bits);
  const uint32_t width_bits = 8 * stride_of(type);
  switch (type) {
    case FieldType::boolean:
      return value.bits <= 1 ? Fault{} : refuse("a boolean is 0 or 1");
    case FieldType::f32:
      if (value.bits > 0xFFFF'FFFF) return refuse("an f32 has 32 bits");
      if (std::isfinite(std::bit_cast<float>(static_cast<uint32_t>(value.bits)))) return {};
      return refuse("the filter's value is NaN or infinite; leave a bound open instead");
    case FieldType::f64:
      if (std::isfinite(std::bit_cast<double>(value.bits))) return {};
      return refuse("the filter's value is NaN or infinite; leave a bound open instead");
    case FieldType::i8:
    case FieldType::i16:
    case FieldType::i32: {
      const int64_t highest = (int64_t{1} << (width_bits - 1)) - 1;
      if (integer >= -highest - 1 && integer <= highest) return {};
      break;
    }
    case FieldType::u8:
    case FieldType::u16:
    case FieldType::u32:
      if (value.bits >> width_bits == 0) return {};
      break;
    case FieldType::utf8:
      return is_utf8(value.text) ? Fault{} : Fault{Code::malformed, info.path + ": the filter's text is not UTF-8"};
    default:
      return {};
  }
  const bool is_signed = type == FieldType::i8 || type == FieldType::i16 || type == FieldType::i32;
  return {Code::out_of_range, info.path + ": the filter's value " +
                                  (is_signed ? std::to_string(integer) : std::to_string(value.bits)) +
                                  " is no " + std::string(name_of(type))};
}

class Checker {
 public:
  Checker(const Store& store, const EngineOptions& options) : store_(store), options_(options) {}

  Fault component(ComponentId id) const {
    if (id < store_.component_count()) return {};
    return {Code::unknown_name, "there is no component " + std::to_string(id)};
  }
  Fault field(FieldId id) const {
    if (id < store_.field_count()) return {};
    return {Code::unknown_name, "there is no field " + std::to_string(id)};
  }
  Fault filter(const Filter& filter) {
    if (++filters_ > options_.filters_max) return limit_exceeded("the number of filters", filters_, options_.filters_max);
    if (filter.kind > FilterKind::has_not) return {Code::malformed, "a filter is of an unknown kind"};
    if (filter.kind >= FilterKind::has) return component(filter.component);
    if (Fault fault = field(filter.field)) return fault;
    if (filter.kind == FilterKind::exists || filter.kind == FilterKind::not_exists) return {};
    const FieldInfo& info = store_.field(filter.field);
    if (info.field.type == FieldType::vec_f32) {
      return {Code::type_mismatch, info.path + " is vec_f32, which knows the filters exists and not_exists only"};
    }
    if (filter.kind == FilterKind::range) return range(info, filter);
    if (filter.kind == FilterKind::exact && filter.values.size() != 1) {
      return {Code::malformed, info.path + ": an exact filter has one value, not " + std::to_string(filter.values.size())};
    }
    values_ += filter.values.size();
    if (values_ > options_.values_max) return limit_exceeded("the number of filter values", values_, options_.values_max);
    for (const Value& value : filter.values) {
      if (Fault fault = check_value(info, value)) return fault;
    }
    return {};
  }

 private:
  static Fault range(const FieldInfo& info, const Filter& filter) {
    for (const Bound* bound : {&filter.low, &filter.high}) {
      if (bound->kind > BoundKind::exclusive) return {Code::malformed, info.path + ": a bound is of an unknown kind"};
      if (bound->kind == BoundKind::open) continue;
      if (Fault fault = check_value(info, bound->value)) return fault;
    }
    return {};
  }

  const Store& store_;
  const EngineOptions& options_;
  uint64_t filters_ = 0;
  uint64_t values_ = 0;
};

}  // namespace

Fault check_query(const Store& store, const EngineOptions& options, const Query& query) {
  Checker checker(store, options);
  for (const auto* list : {&query.all, &query.any_of}) {
    if (list->size() > store.component_count()) {
      return limit_exceeded("the number of components of a query", list->size(), store.component_count());
    }
    for (const ComponentId component : *list) {
      if (Fault fault = checker.component(component)) return fault;
    }
  }
  for (const Filter& filter : query.filters) {
    if (Fault fault = checker.filter(filter)) return fault;
  }
  if (query.any.size() > options.filters_max) {
    return limit_exceeded("the number of groups", query.any.size(), options.filters_max);
  }
  for (const OrGroup& group : query.any) {
    for (const Filter& filter : group) {
      if (Fault fault = checker.filter(filter)) return fault;
    }
  }
  if (query.order_by.size() > options.order_keys_max) {
    return limit_exceeded("the number of keys of order_by", query.order_by.size(), options.order_keys_max);
  }
  for (const OrderKey& key : query.order_by) {
    if (Fault fault = checker.field(key.field)) return fault;
    const FieldInfo& info = store.field(key.field);
    if (info.field.type == FieldType::vec_f32) return {Code::type_mismatch, info.path + " is vec_f32, which has no order"};
  }
  if (query.select.size() > options.select_max) {
    return limit_exceeded("the number of selected fields", query.select.size(), options.select_max);
  }
  for (const FieldId field : query.select) {
    if (Fault fault = checker.field(field)) return fault;
  }
  return {};
}

namespace {

class Bytes {
 public:
  template <typename Number>
  void number(Number value) {
    bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  void text(const std::string& value) {
    number(static_cast<uint64_t>(value.size()));
    bytes += value;
  }
  void sorted(std::vector<std::string> parts) {
    std::sort(parts.begin(), parts.end());
    parts.erase(std::unique(parts.begin(), parts.end()), parts.end());
    number(static_cast<uint64_t>(parts.size()));
    for (const std::string& part : parts) text(part);
  }
  std::string bytes;
};

std::string bytes_of(const Value& value) {
  Bytes out;
  out.number(static_cast<uint8_t>(value.type));
  out.number(value.bits);
  out.text(value.text);
  return out.bytes;
}

std::string bytes_of(const Bound& bound) {
  return bound.kind == BoundKind::open ? std::string(1, 0)
                                       : std::string(1, static_cast<char>(bound.kind)) + bytes_of(bound.value);
}

std::string bytes_of(const Filter& filter) {
  Bytes out;
  // Equal to one of one is what `exact` says.
  const bool one = filter.kind == FilterKind::in && filter.values.size() == 1;
  const FilterKind kind = one ? FilterKind::exact : filter.kind;
  out.number(static_cast<uint8_t>(kind));
  out.number(kind >= FilterKind::has ? filter.component : filter.field);
  if (kind == FilterKind::range) {
    out.text(bytes_of(filter.low));
    out.text(bytes_of(filter.high));
  } else if (kind == FilterKind::exact || kind == FilterKind::in) {
    std::vector<std::string> values;
    for (const Value& value : filter.values) values.push_back(bytes_of(value));
    out.sorted(std::move(values));
  }
  return out.bytes;
}

std::string bytes_of(std::span<const Filter> group) {
  std::vector<std::string> parts;
  for (const Filter& filter : group) parts.push_back(bytes_of(filter));
  Bytes out;
  out.sorted(std::move(parts));
  return out.bytes;
}

std::string bytes_of(ComponentId component) {
  Bytes out;
  out.number(component);
  return out.bytes;
}

}  // namespace

std::string canonical(const Query& query) {
  Bytes out;
  for (const auto* list : {&query.all, &query.any_of}) {
    std::vector<std::string> parts;
    for (const ComponentId component : *list) parts.push_back(bytes_of(component));
    out.sorted(std::move(parts));
  }
  // A filter is a group of one.
  std::vector<std::string> groups;
  for (const Filter& filter : query.filters) groups.push_back(bytes_of(std::span(&filter, 1)));
  for (const OrGroup& group : query.any) groups.push_back(bytes_of(std::span<const Filter>(group)));
  out.sorted(std::move(groups));
  out.number(static_cast<uint64_t>(query.order_by.size()));
  for (const OrderKey& key : query.order_by) {
    out.number(key.field);
    out.number(static_cast<uint8_t>(key.descending));
  }
  out.number(query.limit);
  out.number(query.offset);
  out.number(static_cast<uint64_t>(query.select.size()));
  for (const FieldId field : query.select) out.number(field);
  return out.bytes;
}

}  // namespace busbar::ecs
