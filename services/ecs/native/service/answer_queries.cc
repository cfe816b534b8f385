// Queries, scans and subscriptions.
#include <algorithm>
#include <chrono>

#include "answers.h"
#include "decode.h"

namespace busbar::ecs {
namespace {

using Clock = std::chrono::steady_clock;

flatbuffers::Offset<::ecs::QueryResult> put_refusal(Builder& builder, const Fault& fault, const std::string& path) {
  const auto place = builder.CreateString(path), text = builder.CreateString(fault.text);
  ::ecs::QueryResultBuilder result(builder);
  result.add_error(static_cast<uint16_t>(fault.code));
  result.add_error_path(place);
  result.add_error_text(text);
  return result.Finish();
}

flatbuffers::Offset<::ecs::QueryResult> put_result(Builder& builder, const Store& store, const Result& result,
                                                   bool want_total, bool cached, Clock::time_point start) {
  const auto rows = put_rows(builder, store, result.ids, result.rows, result.columns);
  const auto taken = std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - start).count();
  return ::ecs::CreateQueryResult(builder, rows, want_total ? result.total : 0, result.has_more, cached,
                                  static_cast<uint64_t>(taken));
}

}  // namespace

void answer_query(Answer& answer) {
  const auto* const request = answer.read<::ecs::QueryEntitiesRequest>();
  if (request == nullptr) return;
  Instance& self = answer.self();
  const uint32_t count = request->queries() == nullptr ? 0 : request->queries()->size();
  if (answer.refuses_items("queries", count)) return;
  Builder& builder = answer.builder();
  builder.Clear();
  std::vector<flatbuffers::Offset<::ecs::QueryResult>> results;
  uint64_t rows = 0;
  for (uint32_t i = 0; i < count; i++) {
    if (answer.cancelled()) return answer.fail({Code::cancelled, "the request was cancelled"});
    const Clock::time_point start = Clock::now();
    const std::string path = at("queries", i);
    Query query;
    std::shared_ptr<const Result> result;
    const uint64_t hits = self.engine->stats().cache_hits;
    Fault fault = read_query(*self.store, path, *request->queries()->Get(i), self.config.answer_rows_max,
                             self.config.filters_max, query);
    if (!fault) fault = self.engine->run(query, result);
    if (!fault) {
      rows += result->ids.size();
      if (rows > self.config.answer_rows_max) {
        fault = limit_exceeded("the number of rows of all results", rows, self.config.answer_rows_max);
      }
    }
    results.push_back(fault ? put_refusal(builder, fault, path)
                            : put_result(builder, *self.store, *result, request->queries()->Get(i)->want_total(),
                                         self.engine->stats().cache_hits > hits, start));
  }
  answer.send(::ecs::CreateQueryEntitiesReply(builder, put(builder, results), self.version()));
}

void answer_scan(Answer& answer) {
  constexpr uint32_t kBatchRows = 65'536;
  const auto* const request = answer.read<::ecs::ScanRequest>();
  if (request == nullptr) return;
  Instance& self = answer.self();
  Query query;
  if (Fault fault = read_query(*self.store, "query", *request->query(), 0, self.config.filters_max, query)) {
    return answer.fail(fault);
  }
  const std::vector<FieldId> fields = std::move(query.select);
  query.select.clear();
  std::shared_ptr<const Result> result;
  if (Fault fault = self.engine->run(query, result)) return answer.fail(fault);
  uint64_t row_bytes = sizeof(EntityId) + sizeof(uint32_t);
  for (const FieldId field : fields) {
    const Field& type = self.store->field(field).field;
    row_bytes += plain_stride_of(type.type, type.width) + 1;
  }
  uint64_t batch = std::clamp<uint64_t>(self.config.part_bytes / row_bytes, 1, kBatchRows);
  if (request->batch_rows() != 0) batch = std::min<uint64_t>(batch, request->batch_rows());
  const uint64_t total = result->ids.size();
  Builder& builder = answer.builder();
  for (uint64_t first = 0; first == 0 || first < total;) {
    uint64_t count = std::min(batch, total - first);
    // Texts may make a part larger than its rows say; half of the rows are then tried.
    for (;; count /= 2) {
      builder.Clear();
      const std::span<const EntityId> ids(result->ids.data() + first, count);
      const std::span<const Location> rows(result->rows.data() + first, count);
      const auto list = put_fields(builder, *self.store, ids, rows, fields);
      const bool done = first + count == total;
      builder.Finish(::ecs::CreateColumnBatch(builder, first, list, total, done, self.version()));
      if (builder.GetSize() <= uint64_t{self.config.part_bytes} + 1'024 || count <= 1) break;
    }
    if (!answer.send_finished()) return;
    first += std::max<uint64_t>(count, 1);
  }
  answer.end();
}

void answer_subscribe(Answer& answer) {
  const auto* const request = answer.read<::ecs::SubscribeQueryRequest>();
  if (request == nullptr) return;
  Instance& self = answer.self();
  const Clock::time_point start = Clock::now();
  uint64_t id = 0;
  std::shared_ptr<const Result> result;
  if (Fault fault = self.subscriptions.subscribe(self, answer.message(), *request, id, result)) {
    return answer.fail(fault);
  }
  Builder& builder = answer.builder();
  builder.Clear();
  const auto first = put_result(builder, *self.store, *result, request->query()->want_total(), false, start);
  if (!answer.send(::ecs::CreateSubscribeQueryReply(builder, id, first, self.version()))) {
    // Nobody knows its id, so nobody will ever end it.
    (void)self.subscriptions.end(answer.message().source_id, id);
  }
}

void answer_acknowledge(Answer& answer) {
  const auto* const request = answer.read<::ecs::AcknowledgeDeltasRequest>();
  if (request == nullptr) return;
  Instance& self = answer.self();
  const uint32_t count = request->deltas() == nullptr ? 0 : request->deltas()->size();
  if (answer.refuses_items("deltas", count)) return;
  Refusals refusals;
  for (uint32_t i = 0; i < count; i++) {
    if (Fault fault = self.subscriptions.acknowledge(answer.message().source_id, *request->deltas()->Get(i))) {
      refusals.push_back({i, 1, std::move(fault), at("deltas", i)});
    }
  }
  Builder& builder = answer.builder();
  builder.Clear();
  answer.send(::ecs::CreateAcknowledgeDeltasReply(builder, put_errors(builder, refusals)));
  self.publish_deltas(false);
}

void answer_unsubscribe(Answer& answer) {
  const auto* const request = answer.read<::ecs::UnsubscribeRequest>();
  if (request == nullptr) return;
  Instance& self = answer.self();
  if (answer.refuses_items("subscriptions", request->subscriptions()->size())) return;
  const std::vector<uint64_t> ids = read_ids(request->subscriptions());
  Refusals refusals;
  for (size_t i = 0; i < ids.size(); i++) {
    if (Fault fault = self.subscriptions.end(answer.message().source_id, ids[i])) {
      refusals.push_back({static_cast<uint32_t>(i), 1, std::move(fault), at("subscriptions", i)});
    }
  }
  Builder& builder = answer.builder();
  builder.Clear();
  const auto errors = put_errors(builder, refusals);
  answer.send(::ecs::CreateUnsubscribeReply(builder, static_cast<uint32_t>(ids.size() - refusals.size()), errors));
}

}  // namespace busbar::ecs
