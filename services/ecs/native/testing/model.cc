#include "testing/model.h"

#include <algorithm>
#include <bit>

namespace busbar::ecs::testing {
namespace {

template <typename T>
int sign(const T& a, const T& b) {
  return a < b ? -1 : b < a ? 1 : 0;
}

}  // namespace

int compare(const Value& a, const Value& b) {
  switch (a.type) {
    case FieldType::i8:
    case FieldType::i16:
    case FieldType::i32:
    case FieldType::i64:
      return sign(static_cast<int64_t>(a.bits), static_cast<int64_t>(b.bits));
    case FieldType::f32:
      return sign(std::bit_cast<float>(static_cast<uint32_t>(a.bits)),
                  std::bit_cast<float>(static_cast<uint32_t>(b.bits)));
    case FieldType::f64:
      return sign(std::bit_cast<double>(a.bits), std::bit_cast<double>(b.bits));
    case FieldType::utf8:
    case FieldType::vec_f32:
      return sign(a.text, b.text);
    default:
      return sign(a.bits, b.bits);
  }
}

EntityId Model::create(const std::vector<ComponentId>& components) {
  uint32_t index = static_cast<uint32_t>(generations_.size());
  if (!free_.empty()) {
    index = *free_.begin();
    free_.erase(free_.begin());
  }
  const EntityId id = make_id(++generations_[index], index);
  entities_[id];
  made_.insert(id);
  for (const ComponentId component : components) add(id, component);
  return id;
}

void Model::add(EntityId id, ComponentId component) {
  ModelEntity& entity = entities_.at(id);
  if (!entity.components.insert(component).second) return;
  const auto& fields = definitions_->component(component).fields;
  for (uint32_t i = 0; i < fields.size(); i++) {
    MaybeCell& cell = entity.fields[definitions_->first_field(component) + i];
    if (fields[i].nullable) continue;
    cell = Cell{{fields[i].type, 0, {}}};
    if (fields[i].type == FieldType::vec_f32) cell->value.text.assign(4u * fields[i].width, '\0');
  }
}

void Model::remove(EntityId id, ComponentId component) {
  ModelEntity& entity = entities_.at(id);
  if (entity.components.erase(component) == 0) return;
  for (uint32_t i = 0; i < definitions_->component(component).fields.size(); i++) {
    entity.fields.erase(definitions_->first_field(component) + i);
  }
}

void Model::erase(EntityId id) {
  entities_.erase(id);
  free_.insert(index_of(id));
}

ModelEntity* Model::find(EntityId id) {
  const auto at = entities_.find(id);
  return at == entities_.end() ? nullptr : &at->second;
}

bool Model::holds(const ModelEntity& entity, const Filter& filter) const {
  if (filter.kind == FilterKind::has) return entity.components.count(filter.component) > 0;
  if (filter.kind == FilterKind::has_not) return entity.components.count(filter.component) == 0;
  const auto at = entity.fields.find(filter.field);
  const bool there = at != entity.fields.end() && at->second.has_value();
  if (filter.kind == FilterKind::exists) return there;
  if (filter.kind == FilterKind::not_exists) return !there;
  if (!there) return false;
  const Value& value = at->second->value;
  if (filter.kind != FilterKind::range) {
    return std::any_of(filter.values.begin(), filter.values.end(),
                       [&](const Value& wanted) { return compare(value, wanted) == 0; });
  }
  if (filter.low.kind != BoundKind::open) {
    const int order = compare(value, filter.low.value);
    if (order < 0 || (order == 0 && filter.low.kind == BoundKind::exclusive)) return false;
  }
  if (filter.high.kind != BoundKind::open) {
    const int order = compare(value, filter.high.value);
    if (order > 0 || (order == 0 && filter.high.kind == BoundKind::exclusive)) return false;
  }
  return true;
}

Model::Answer Model::answer(const Query& query) const {
  std::vector<std::pair<EntityId, const ModelEntity*>> found;
  for (const auto& [id, entity] : entities_) {
    const auto has = [&e = entity](ComponentId component) { return e.components.count(component) > 0; };
    const auto meets = [&, &e = entity](const Filter& filter) { return holds(e, filter); };
    if (!std::all_of(query.all.begin(), query.all.end(), has)) continue;
    if (!query.any_of.empty() && std::none_of(query.any_of.begin(), query.any_of.end(), has)) continue;
    if (!std::all_of(query.filters.begin(), query.filters.end(), meets)) continue;
    if (!std::all_of(query.any.begin(), query.any.end(),
                     [&](const OrGroup& group) { return std::any_of(group.begin(), group.end(), meets); })) {
      continue;
    }
    found.emplace_back(id, &entity);
  }
  const auto cell = [](const ModelEntity& entity, FieldId field) {
    const auto at = entity.fields.find(field);
    return at == entity.fields.end() ? MaybeCell{} : at->second;
  };
  std::stable_sort(found.begin(), found.end(), [&](const auto& a, const auto& b) {
    for (const OrderKey& key : query.order_by) {
      const MaybeCell left = cell(*a.second, key.field), right = cell(*b.second, key.field);
      if (left.has_value() != right.has_value()) return left.has_value();
      if (!left) continue;
      const int order = compare(left->value, right->value);
      if (order != 0) return (order < 0) != key.descending;
    }
    return a.first < b.first;
  });
  Answer answer;
  answer.total = found.size();
  for (uint64_t i = query.offset; i < found.size(); i++) {
    if (query.limit != 0 && i - query.offset == query.limit) break;
    answer.ids.push_back(found[i].first);
  }
  answer.has_more = query.offset < found.size() && query.offset + answer.ids.size() < found.size();
  return answer;
}

}  // namespace busbar::ecs::testing
