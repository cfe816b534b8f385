// Systems by request, figures, and the whole state out and in.
#include <algorithm>

#include "answers.h"
#include "decode.h"

namespace busbar::ecs {
namespace {

/// Hands the whole state out part by part. @returns false when nobody wants the rest
class SnapshotParts {
 public:
  SnapshotParts(Answer& answer) : answer_(answer), self_(answer.self()), hash_(self_.hash()) {}

  void bytes() {
    const std::vector<uint8_t> image = self_.snapshot();
    const uint64_t size = self_.config.part_bytes;
    for (uint64_t first = 0; first < image.size(); first += size) {
      const uint64_t count = std::min<uint64_t>(size, image.size() - first);
      Builder& builder = begin();
      const auto list = put(builder, std::span<const uint8_t>(image).subspan(first, count));
      if (!send({}, {}, {}, list, first, image.size(), first + count == image.size())) return;
    }
    answer_.end();
  }

  void columns() {
    if (meta() && texts() && rows() && finish()) answer_.end();
  }

 private:
  using TextList = flatbuffers::Offset<flatbuffers::Vector<flatbuffers::Offset<flatbuffers::String>>>;

  Builder& begin() {
    self_.builder.Clear();
    return self_.builder;
  }
  bool send(flatbuffers::Offset<::ecs::SnapshotMeta> meta, TextList texts, flatbuffers::Offset<::ecs::SnapshotRows> rows,
            flatbuffers::Offset<flatbuffers::Vector<uint8_t>> bytes, uint64_t offset, uint64_t total, bool done) {
    return answer_.send(
        ::ecs::CreateSnapshotPart(self_.builder, meta, texts, rows, bytes, offset, total, hash_, done));
  }

  bool meta() {
    const Store& store = *self_.store;
    Builder& builder = begin();
    std::vector<flatbuffers::Offset<::ecs::SnapshotTable>> tables;
    for (TableId id = 0; id < store.table_count(); id++) {
      const auto names = put_component_names(builder, store, store.table(id).components(), false);
      tables.push_back(::ecs::CreateSnapshotTable(builder, names, store.table(id).rows()));
    }
    std::vector<uint32_t> index, generation;
    for (const FreeIndex& free : store.free_indexes()) {
      index.push_back(free.index);
      generation.push_back(free.generation);
    }
    const auto components = put_components(builder, store);
    const auto archetypes = put_archetype_definitions(builder, store);
    const auto faction = builder.CreateString(self_.faction);
    const auto free_index = put(builder, index), free_generation = put(builder, generation);
    const auto table_list = put(builder, tables);
    const auto meta = ::ecs::CreateSnapshotMeta(builder, 1, self_.step, self_.turn, faction, self_.version(), hash_,
                                                components, archetypes, store.index_count(), free_index,
                                                free_generation, table_list);
    return send(meta, {}, {}, {}, 0, 0, false);
  }

  bool texts() {
    const Dictionary& dictionary = self_.store->dictionary();
    for (uint32_t code = 0; code < dictionary.size();) {
      Builder& builder = begin();
      std::vector<flatbuffers::Offset<flatbuffers::String>> list;
      while (code < dictionary.size() && (list.empty() || builder.GetSize() < self_.config.part_bytes / 2)) {
        const std::string_view text = dictionary.text(code++);
        list.push_back(builder.CreateString(text.data(), text.size()));
      }
      if (!send({}, put(builder, list), {}, {}, 0, 0, false)) return false;
    }
    return true;
  }

  bool rows() {
    const Store& store = *self_.store;
    for (TableId id = 0; id < store.table_count(); id++) {
      const Table& table = store.table(id);
      uint64_t row_bytes = sizeof(EntityId);
      for (const Column& column : table.columns()) row_bytes += column.stride() + 1;
      const auto batch = static_cast<uint32_t>(std::max<uint64_t>(1, self_.config.part_bytes / row_bytes));
      for (uint32_t first = 0; first < table.rows();) {
        const uint32_t count = std::min(batch, table.rows() - first);
        Builder& builder = begin();
        std::vector<flatbuffers::Offset<::ecs::Column>> columns;
        for (const Column& column : table.columns()) {
          columns.push_back(put_table_column(builder, store, column, first, count));
        }
        const auto list = put(builder, columns);
        const auto ids = put(builder, table.ids().subspan(first, count));
        if (!send({}, {}, ::ecs::CreateSnapshotRows(builder, id, first, ids, list), {}, 0, 0, false)) return false;
        first += count;
      }
    }
    return true;
  }

  bool finish() {
    begin();
    return send({}, {}, {}, {}, 0, 0, true);
  }

  Answer& answer_;
  Instance& self_;
  uint64_t hash_;
};

/// Takes over what has come back. The hash it was announced with must be that of the state.
Fault take_over(Instance& self) {
  Restoring::Done& done = self.restoring.result();
  if (done.store == nullptr) return self.restore(done.bytes);
  // What is there is kept until the restored state has shown its hash.
  StateHash parts;
  if (hash_of(parts, *done.store, done.turn, done.faction) != done.hash) {
    return {Code::corrupt_state, "the snapshot cannot be restored: its hash is not the one it says"};
  }
  self.adopt(std::move(done.store), done.step, done.turn, std::move(done.faction), done.version);
  return {};
}

}  // namespace

void answer_run_system(Answer& answer) {
  const auto* const request = answer.read<::ecs::RunSystemRequest>();
  if (request == nullptr) return;
  Instance& self = answer.self();
  const uint32_t count = request->runs() == nullptr ? 0 : request->runs()->size();
  if (answer.refuses_items("runs", count)) return;
  struct Outcome {
    RunReport report;
    uint64_t events = 0, hash = 0;
    Fault fault;
  };
  std::vector<Outcome> outcomes(count);
  bool cancelled = false;
  for (uint32_t i = 0; i < count && !cancelled; i++) {
    const ::ecs::SystemRun& run = *request->runs()->Get(i);
    Outcome& outcome = outcomes[i];
    outcome.fault = self.run_system(view_of(run.name()), run.dt(), outcome.report);
    outcome.events = self.changes.count();
    if (request->hash()) outcome.hash = self.hash();
    self.publish_changes();
    cancelled = i + 1 < count && answer.cancelled();
  }
  if (cancelled) {
    answer.fail({Code::cancelled, "the request was cancelled; the runs before it are done"});
    return self.publish_deltas(false);
  }
  Builder& builder = answer.builder();
  builder.Clear();
  std::vector<flatbuffers::Offset<::ecs::SystemResult>> results;
  for (const Outcome& outcome : outcomes) {
    flatbuffers::Offset<flatbuffers::String> text;
    if (outcome.fault) text = builder.CreateString(outcome.fault.text);
    results.push_back(::ecs::CreateSystemResult(builder, outcome.report.rows_visited, outcome.report.rows_changed,
                                                outcome.events, static_cast<uint16_t>(outcome.fault.code), text,
                                                outcome.hash));
  }
  answer.send(::ecs::CreateRunSystemReply(builder, put(builder, results), self.version()));
  self.publish_deltas(false);
}

void answer_snapshot(Answer& answer) {
  const auto* const request = answer.read<::ecs::SnapshotRequest>();
  if (request == nullptr) return;
  switch (request->form()) {
    case ::ecs::SnapshotForm::columns:
      return SnapshotParts(answer).columns();
    case ::ecs::SnapshotForm::bytes:
      return SnapshotParts(answer).bytes();
  }
  answer.fail({Code::malformed, "form is none of SnapshotForm"});
}

void answer_restore(Answer& answer) {
  const auto* const request = answer.read<::ecs::RestoreRequest>();
  if (request == nullptr) return;
  Instance& self = answer.self();
  Restoring& restoring = self.restoring;
  if (request->restore() == 0) {
    restoring.begin(self.limits(), self.config.restore_bytes_max);
  } else if (request->restore() != restoring.id()) {
    return answer.fail({Code::not_found, "there is no restore " + std::to_string(request->restore()) +
                                             "; begin with 0, one goes on at a time"});
  }
  const uint64_t id = restoring.id();
  bool done = false;
  for (uint32_t i = 0; request->parts() != nullptr && i < request->parts()->size(); i++) {
    Fault fault;
    if (done) fault = {Code::corrupt_state, "the snapshot cannot be restored: something follows its last part"};
    if (!fault) fault = restoring.take(*request->parts()->Get(i), done);
    if (fault) {
      restoring.end();
      return answer.fail(fault);
    }
  }
  const uint64_t received = restoring.received();
  if (done) {
    const Fault fault = take_over(self);
    restoring.end();
    if (fault) return answer.fail(fault);
  }
  Builder& builder = answer.builder();
  builder.Clear();
  answer.send(::ecs::CreateRestoreReply(builder, id, done, done ? self.hash() : 0, received));
  self.publish_deltas(false);
}

void answer_stats(Answer& answer) {
  const auto* const request = answer.read<::ecs::StatsRequest>();
  if (request == nullptr) return;
  Instance& self = answer.self();
  const Store& store = *self.store;
  const EngineStats& engine = self.engine->stats();
  Builder& builder = answer.builder();
  builder.Clear();
  std::vector<flatbuffers::Offset<::ecs::TableInfo>> tables;
  for (TableId id = 0; id < store.table_count(); id++) {
    const Table& table = store.table(id);
    const auto names = put_component_names(builder, store, table.components(), true);
    tables.push_back(::ecs::CreateTableInfo(builder, names, table.rows(), table.memory_bytes()));
  }
  const auto table_list = put(builder, tables);
  const auto faction = builder.CreateString(self.faction);
  ::ecs::StatsReplyBuilder stats(builder);
  stats.add_entities(store.entity_count());
  stats.add_components(store.component_count());
  stats.add_archetypes(static_cast<uint32_t>(store.archetypes().size()));
  stats.add_tables(table_list);
  stats.add_bytes(store.memory().total() + engine.index_bytes);
  stats.add_cache_bytes(engine.cache_bytes);
  stats.add_cache_entries(engine.cache_entries);
  stats.add_cache_hits(engine.cache_hits);
  stats.add_cache_misses(engine.queries - engine.cache_hits);
  stats.add_subscriptions(self.subscriptions.count());
  stats.add_subscriptions_behind(self.subscriptions.behind());
  stats.add_deltas_sent(self.counters.deltas_sent);
  stats.add_deltas_fresh(self.counters.deltas_fresh);
  stats.add_events_sent(self.counters.events_sent);
  stats.add_events_refused(self.counters.events_refused);
  stats.add_step(self.step);
  stats.add_turn(self.turn);
  stats.add_faction(faction);
  stats.add_version(self.version());
  if (request->hash()) stats.add_hash(self.hash());
  answer.send(stats.Finish());
}

}  // namespace busbar::ecs
