#include "binary_schema.h"

#include <flatbuffers/flatbuffers.h>
#include <flatbuffers/reflection_generated.h>

#include <vector>

namespace busbar::blackbox {
namespace {

namespace fb = flatbuffers;
using reflection::Schema;

constexpr std::string_view kHeaderType = "blackbox.EventHeader";

/// Members that the format does not require but that everybody follows.
bool complete(const Schema& schema) {
  const auto fits = [&](const reflection::Type* type) {
    if (type == nullptr) return false;
    const bool object = type->base_type() == reflection::Obj ||
                        (type->element() == reflection::Obj &&
                         (type->base_type() == reflection::Vector || type->base_type() == reflection::Array));
    const auto limit = static_cast<int64_t>(object ? schema.objects()->size() : schema.enums()->size());
    return type->index() >= (object ? 0 : -1) && type->index() < limit;
  };
  for (const auto* object : *schema.objects())
    for (const auto* field : *object->fields())
      if (!fits(field->type())) return false;
  for (const auto* list : *schema.enums()) {
    if (!fits(list->underlying_type())) return false;
    for (const auto* value : *list->values())
      if (value->union_type() != nullptr && !fits(value->union_type())) return false;
  }
  return true;
}

const reflection::Object* find(const Schema& schema, std::string_view name) {
  for (const auto* object : *schema.objects())
    if (object->name()->string_view() == name) return object;
  return nullptr;
}

/// Copies one type and what it needs. Objects and enums keep their order, which is sorted by name.
class Cutter {
 public:
  explicit Cutter(const Schema& from)
      : from_(from), objects_(from.objects()->size(), -1), enums_(from.enums()->size(), -1) {}

  std::string cut(uint32_t root) {
    reach_object(root);
    int32_t next = 0;
    for (int32_t& index : objects_)
      if (index == 0) index = next++;
    next = 0;
    for (int32_t& index : enums_)
      if (index == 0) index = next++;
    std::vector<fb::Offset<reflection::Object>> objects;
    for (uint32_t i = 0; i < objects_.size(); i++)
      if (objects_[i] >= 0) objects.push_back(copy(*from_.objects()->Get(i)));
    std::vector<fb::Offset<reflection::Enum>> enums;
    for (uint32_t i = 0; i < enums_.size(); i++)
      if (enums_[i] >= 0) enums.push_back(copy(*from_.enums()->Get(i)));
    const auto all_objects = out_.CreateVector(objects);
    const auto all_enums = out_.CreateVector(enums);
    const auto none = out_.CreateString("");
    const auto services = out_.CreateVector(std::vector<fb::Offset<reflection::Service>>());
    reflection::FinishSchemaBuffer(
        out_, reflection::CreateSchema(out_, all_objects, all_enums, none, none, objects[static_cast<size_t>(objects_[root])],
                                       services, from_.advanced_features()));
    return {reinterpret_cast<const char*>(out_.GetBufferPointer()), out_.GetSize()};
  }

 private:
  // While reaching: -1 not needed, 0 needed. Then: the new index.
  void reach_object(uint32_t index) {
    std::vector<uint32_t> todo{index};
    const auto reach = [&](const reflection::Type& type) {
      if (type.index() < 0) return;
      const auto to = static_cast<uint32_t>(type.index());
      if (!is_object(type)) {
        reach_enum(to, todo);
      } else if (objects_[to] < 0) {
        objects_[to] = 0;
        todo.push_back(to);
      }
    };
    objects_[index] = 0;
    while (!todo.empty()) {
      const auto& object = *from_.objects()->Get(todo.back());
      todo.pop_back();
      for (const auto* field : *object.fields()) reach(*field->type());
    }
  }
  void reach_enum(uint32_t index, std::vector<uint32_t>& todo) {
    if (enums_[index] >= 0) return;
    enums_[index] = 0;
    for (const auto* value : *from_.enums()->Get(index)->values()) {
      const auto* member = value->union_type();
      if (member == nullptr || member->index() < 0 || !is_object(*member)) continue;
      const auto to = static_cast<uint32_t>(member->index());
      if (objects_[to] >= 0) continue;
      objects_[to] = 0;
      todo.push_back(to);
    }
  }
  static bool is_object(const reflection::Type& type) {
    const bool many = type.base_type() == reflection::Vector || type.base_type() == reflection::Array;
    return (many ? type.element() : type.base_type()) == reflection::Obj;
  }

  fb::Offset<reflection::Type> copy(const reflection::Type& type) {
    int32_t index = type.index();
    if (index >= 0) index = is_object(type) ? objects_[static_cast<size_t>(index)] : enums_[static_cast<size_t>(index)];
    return reflection::CreateType(out_, type.base_type(), type.element(), index, type.fixed_length(), type.base_size(),
                                  type.element_size());
  }
  fb::Offset<fb::Vector<fb::Offset<reflection::KeyValue>>> copy(
      const fb::Vector<fb::Offset<reflection::KeyValue>>* attributes) {
    if (attributes == nullptr) return 0;
    std::vector<fb::Offset<reflection::KeyValue>> list;
    for (const auto* entry : *attributes)
      list.push_back(reflection::CreateKeyValueDirect(out_, entry->key()->c_str(),
                                                      entry->value() == nullptr ? nullptr : entry->value()->c_str()));
    return out_.CreateVector(list);
  }
  fb::Offset<reflection::Object> copy(const reflection::Object& object) {
    std::vector<fb::Offset<reflection::Field>> fields;
    for (const auto* field : *object.fields()) {
      const auto name = out_.CreateString(field->name());
      const auto type = copy(*field->type());
      const auto attributes = copy(field->attributes());
      fields.push_back(reflection::CreateField(out_, name, type, field->id(), field->offset(), field->default_integer(),
                                               field->default_real(), field->deprecated(), field->required(),
                                               field->key(), attributes, 0, field->optional(), field->padding()));
    }
    const auto name = out_.CreateString(object.name());
    const auto list = out_.CreateVector(fields);
    const auto attributes = copy(object.attributes());
    return reflection::CreateObject(out_, name, list, object.is_struct(), object.minalign(), object.bytesize(), attributes);
  }
  fb::Offset<reflection::Enum> copy(const reflection::Enum& list) {
    std::vector<fb::Offset<reflection::EnumVal>> values;
    for (const auto* value : *list.values()) {
      const auto name = out_.CreateString(value->name());
      const auto type = value->union_type() == nullptr ? 0 : copy(*value->union_type());
      values.push_back(reflection::CreateEnumVal(out_, name, value->value(), type));
    }
    const auto name = out_.CreateString(list.name());
    const auto all = out_.CreateVector(values);
    const auto type = copy(*list.underlying_type());
    const auto attributes = copy(list.attributes());
    return reflection::CreateEnum(out_, name, all, list.is_union(), type, attributes);
  }

  const Schema& from_;
  std::vector<int32_t> objects_, enums_;
  fb::FlatBufferBuilder out_;
};

const Schema& of(const void* schema) { return *static_cast<const Schema*>(schema); }

}  // namespace

BinarySchema::BinarySchema(const uint8_t* bytes, uint64_t length) {
  if (bytes == nullptr || length > (uint64_t{1} << 30)) return;
  fb::Verifier verifier(bytes, length, 64, 10'000'000);
  if (!reflection::VerifySchemaBuffer(verifier)) return;
  const Schema* const schema = reflection::GetSchema(bytes);
  if (complete(*schema)) schema_ = schema;
}

std::string BinarySchema::closure_of(std::string_view type) const {
  if (schema_ == nullptr) return {};
  const auto& objects = *of(schema_).objects();
  for (uint32_t i = 0; i < objects.size(); i++)
    if (objects.Get(i)->name()->string_view() == type) return Cutter(of(schema_)).cut(i);
  return {};
}

bool BinarySchema::has_event_header(std::string_view type) const {
  const auto* const object = schema_ == nullptr ? nullptr : find(of(schema_), type);
  if (object == nullptr) return false;
  for (const auto* field : *object->fields()) {
    if (field->id() != 0 || field->type()->base_type() != reflection::Obj) continue;
    const auto* const header = of(schema_).objects()->Get(static_cast<uint32_t>(field->type()->index()));
    return header->name()->string_view() == kHeaderType && header->is_struct() && header->bytesize() == 32;
  }
  return false;
}

}  // namespace busbar::blackbox
