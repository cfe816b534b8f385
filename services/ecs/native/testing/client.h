// The plugin behind a fake host, asked in few words.
#pragma once

#include <initializer_list>
#include <string>
#include <vector>

#include "busbar_types.h"
#include "ecs_events_generated.h"
#include "ecs_generated.h"
#include "testing/fake_host.h"

namespace busbar::ecs::testing {

namespace methods = rpc::ecs::Ecs;
namespace messages = ::busbar::types::ecs;
using Builder = flatbuffers::FlatBufferBuilder;
using ColumnOffset = flatbuffers::Offset<::ecs::Column>;
using Names = std::vector<std::string>;
using Type = ::ecs::FieldType;

inline flatbuffers::Offset<flatbuffers::Vector<flatbuffers::Offset<flatbuffers::String>>> names(Builder& builder,
                                                                                               const Names& list) {
  return builder.CreateVectorOfStrings(list);
}

inline ColumnOffset f32s(Builder& b, const char* field, const std::vector<float>& values,
                         const std::vector<uint8_t>& validity = {}, uint16_t width = 0) {
  const auto name = b.CreateString(field);
  const auto list = b.CreateVector(values);
  const auto valid = validity.empty() ? 0 : b.CreateVector(validity);
  ::ecs::ColumnBuilder column(b);
  column.add_field(name);
  column.add_type(width == 0 ? Type::f32 : Type::f32_vector);
  column.add_width(width);
  column.add_f32(list);
  column.add_validity(valid);
  return column.Finish();
}
inline ColumnOffset f64s(Builder& b, const char* field, const std::vector<double>& values) {
  const auto name = b.CreateString(field);
  const auto list = b.CreateVector(values);
  ::ecs::ColumnBuilder column(b);
  column.add_field(name);
  column.add_type(Type::f64);
  column.add_f64(list);
  return column.Finish();
}
inline ColumnOffset i64s(Builder& b, const char* field, const std::vector<int64_t>& values) {
  const auto name = b.CreateString(field);
  const auto list = b.CreateVector(values);
  ::ecs::ColumnBuilder column(b);
  column.add_field(name);
  column.add_type(Type::i64);
  column.add_i64(list);
  return column.Finish();
}
inline ColumnOffset u64s(Builder& b, const char* field, const std::vector<uint64_t>& values, Type type = Type::entity) {
  const auto name = b.CreateString(field);
  const auto list = b.CreateVector(values);
  ::ecs::ColumnBuilder column(b);
  column.add_field(name);
  column.add_type(type);
  column.add_u64(list);
  return column.Finish();
}
inline ColumnOffset texts(Builder& b, const char* field, const Names& values) {
  const auto name = b.CreateString(field);
  const auto list = b.CreateVectorOfStrings(values);
  ::ecs::ColumnBuilder column(b);
  column.add_field(name);
  column.add_type(Type::utf8);
  column.add_dictionary(list);
  return column.Finish();
}

struct FieldOf {
  const char* name;
  Type type;
  bool nullable = false;
  uint16_t width = 0;
};

class Client {
  using FakeHost = busbar::testing::FakeHost;

 public:
  /// @param telemetry record of the instance; null: it has none
  explicit Client(uint32_t threads = 1, std::string_view config = "{}", uint8_t* telemetry = nullptr)
      : host_(threads, telemetry), plugin(host_.host, config) {}

  FakeHost& host() { return host_.host; }
  uint64_t hash() { return plugin.service->hash(plugin.instance); }

  template <class Reply, class Request>
  const Reply* ask(const rpc::Method& method, flatbuffers::Offset<Request> request) {
    return plugin.ask<Reply>(method, builder, request);
  }

  const ::ecs::DefineReply* define(const char* name, const std::vector<FieldOf>& fields) {
    std::vector<flatbuffers::Offset<::ecs::FieldDefinition>> list;
    for (const FieldOf& field : fields) {
      list.push_back(::ecs::CreateFieldDefinition(builder, builder.CreateString(field.name), field.type, field.width,
                                                  field.nullable));
    }
    const auto fields_at = builder.CreateVector(list);
    const std::vector components{
        ::ecs::CreateComponentDefinition(builder, builder.CreateString(name), fields_at)};
    return ask<::ecs::DefineReply>(methods::DefineComponent,
                                   ::ecs::CreateDefineComponentRequest(builder, builder.CreateVector(components)));
  }

  const ::ecs::CreateEntitiesReply* create(const Names& components, uint32_t count,
                                           const std::vector<ColumnOffset>& columns) {
    const auto names_at = names(builder, components);
    const auto columns_at = builder.CreateVector(columns);
    const std::vector groups{::ecs::CreateCreateGroup(builder, 0, names_at, count, columns_at)};
    return ask<::ecs::CreateEntitiesReply>(methods::CreateEntities,
                                           ::ecs::CreateCreateEntitiesRequest(builder, builder.CreateVector(groups)));
  }
  std::vector<uint64_t> made(const Names& components, uint32_t count, const std::vector<ColumnOffset>& columns) {
    const auto* const reply = create(components, count, columns);
    if (reply == nullptr || reply->ids() == nullptr) {
      ADD_FAILURE() << host().text;
      return std::vector<uint64_t>(count);
    }
    EXPECT_EQ(reply->errors(), nullptr) << reply->errors()->Get(0)->text()->str();
    return {reply->ids()->begin(), reply->ids()->end()};
  }

  const ::ecs::UpdateEntitiesReply* update(const std::vector<uint64_t>& ids, const std::vector<ColumnOffset>& columns,
                                           const Names& add = {}, const Names& remove = {}, uint64_t read_version = 0,
                                           const Names& reads = {}) {
    const auto ids_at = builder.CreateVector(ids);
    const auto columns_at = builder.CreateVector(columns);
    const auto add_at = names(builder, add), remove_at = names(builder, remove), reads_at = names(builder, reads);
    const std::vector groups{
        ::ecs::CreateUpdateGroup(builder, ids_at, columns_at, add_at, remove_at, read_version, reads_at)};
    return ask<::ecs::UpdateEntitiesReply>(methods::UpdateEntities,
                                           ::ecs::CreateUpdateEntitiesRequest(builder, builder.CreateVector(groups)));
  }

  const ::ecs::DeleteEntitiesReply* erase(const std::vector<uint64_t>& ids) {
    return ask<::ecs::DeleteEntitiesReply>(methods::DeleteEntities,
                                           ::ecs::CreateDeleteEntitiesRequest(builder, builder.CreateVector(ids)));
  }

  const ::ecs::GetEntitiesReply* get(const std::vector<uint64_t>& ids, const Names& select) {
    const auto ids_at = builder.CreateVector(ids);
    return ask<::ecs::GetEntitiesReply>(methods::GetEntities,
                                        ::ecs::CreateGetEntitiesRequest(builder, ids_at, names(builder, select)));
  }

  flatbuffers::Offset<::ecs::Query> query_of(const Names& components, const Names& select, uint32_t limit = 0) {
    const auto components_at = names(builder, components), select_at = names(builder, select);
    ::ecs::QueryBuilder query(builder);
    query.add_components(components_at);
    query.add_select(select_at);
    query.add_limit(limit);
    query.add_want_total(true);
    return query.Finish();
  }
  const ::ecs::QueryResult* query(flatbuffers::Offset<::ecs::Query> query) {
    const std::vector queries{query};
    const auto* const reply = ask<::ecs::QueryEntitiesReply>(
        methods::QueryEntities, ::ecs::CreateQueryEntitiesRequest(builder, builder.CreateVector(queries)));
    return reply == nullptr ? nullptr : reply->results()->Get(0);
  }

  const ::ecs::SystemResult* run(const char* system, double dt) {
    const std::vector runs{::ecs::CreateSystemRun(builder, builder.CreateString(system), dt)};
    const auto* const reply = ask<::ecs::RunSystemReply>(
        methods::RunSystem, ::ecs::CreateRunSystemRequest(builder, builder.CreateVector(runs)));
    return reply == nullptr ? nullptr : reply->results()->Get(0);
  }

  /// A message for the service.
  template <class Message>
  busbar_status tell(const ::busbar::types::Type& type, flatbuffers::Offset<Message> message) {
    builder.Finish(message);
    std::vector<uint64_t> payload((builder.GetSize() + 7) / 8);
    std::memcpy(payload.data(), builder.GetBufferPointer(), builder.GetSize());
    busbar_message frame{};
    frame.size = sizeof frame;
    frame.type_id = type.id;
    frame.payload = reinterpret_cast<const uint8_t*>(payload.data());
    frame.payload_length = builder.GetSize();
    builder.Clear();
    return plugin.service->on_frame(plugin.instance, &frame);
  }

  /// Messages of a type so far, and forgets them all when asked.
  template <class Message>
  std::vector<const Message*> heard(const ::busbar::types::Type& type) {
    std::vector<const Message*> list;
    for (const auto& published : host().published) {
      if (published.type_id != type.id) continue;
      const auto* const bytes = reinterpret_cast<const uint8_t*>(published.payload.data());
      flatbuffers::Verifier verifier(bytes, published.length);
      EXPECT_TRUE(verifier.VerifyBuffer<Message>(nullptr));
      list.push_back(flatbuffers::GetRoot<Message>(bytes));
    }
    return list;
  }

  struct Host {
    Host(uint32_t threads, uint8_t* telemetry) { host.threads = threads, host.telemetry = telemetry; }
    FakeHost host;
  } host_;
  busbar::testing::PluginClient plugin;
  Builder builder;
};

/// The first error's number; 0 when there is none.
template <class Reply>
uint16_t error_of(const Reply* reply) {
  return reply == nullptr || reply->errors() == nullptr ? 0 : reply->errors()->Get(0)->error();
}
template <class Reply>
std::string text_of(const Reply* reply) {
  return reply == nullptr || reply->errors() == nullptr ? "" : reply->errors()->Get(0)->text()->str();
}

}  // namespace busbar::ecs::testing
