// One request while it is answered.
#pragma once

#include <string>
#include <vector>

#include "busbar_service.h"
#include "errors.h"
#include "instance.h"
#include "payments/desk.h"
#include "payments_generated.h"

namespace busbar::payments {

namespace fb = ::payments;

/// Versions of the API: callers with the same major and no larger minor are served.
inline constexpr uint16_t kApiMajor = 1;
inline constexpr uint16_t kApiMinor = 0;

using Text = flatbuffers::Offset<flatbuffers::String>;

class Answer {
 public:
  Answer(Instance& instance, const busbar_message& message)
      : self(instance), builder(instance.builder), message_(message) {
    builder.Clear();
  }

  Instance& self;
  flatbuffers::FlatBufferBuilder& builder;

  /// The request, checked; nullptr when it is no FlatBuffer, which has been answered then.
  template <class Table>
  const Table* request() {
    if (message_.verified == 0) {
      flatbuffers::Verifier verifier(message_.payload, message_.payload_length, 64, 1'000'000);
      if (!verifier.VerifyBuffer<Table>(nullptr)) {
        fail(errors::wire_malformed_payload, "the payload of a request to payments is not a valid FlatBuffer");
        return nullptr;
      }
    }
    return flatbuffers::GetRoot<Table>(message_.payload);
  }

  /// @throws Refusal payments/not-found; payments/corrupt-state for one that broke
  World& world(uint32_t sim_id);

  /// Sends a finished table. False: the caller has gone, which is no error of ours.
  template <class Table>
  bool send(flatbuffers::Offset<Table> table) {
    builder.Finish(table);
    return send_bytes();
  }
  void end() { self.host.end(self.host.context, message_.request); }
  void fail(uint16_t code, std::string_view text);
  /// Begins another part of a stream.
  void clear() { builder.Clear(), faults_.clear(), agent_names_.clear(); }
  bool cancelled() const { return self.host.cancelled(self.host.context, message_.request) != 0; }

  Text text(std::string_view value) { return builder.CreateSharedString(value.data(), value.size()); }
  /// The same text each time, of one simulation per answer.
  Text agent_name(const World& world, uint32_t agent) {
    agent_names_.resize(world.config->agents.size());
    Text& name = agent_names_[agent];
    if (name.IsNull()) name = text(world.config->agents[agent].id);
    return name;
  }

  // --- Items

  void item_fault(uint32_t index, Code code, std::string_view path, std::string_view text);
  void item_fault(uint32_t index, const char* list, const ItemFault& fault);
  /// The vector of all item faults so far.
  flatbuffers::Offset<flatbuffers::Vector<flatbuffers::Offset<fb::ItemError>>> item_faults() {
    return builder.CreateVector(faults_);
  }
  void require_items(size_t count) const;

  /// Numbers of the banks asked for: all when none is named; kNone, with a fault, for unknown ones.
  std::vector<uint32_t> agents_of(const World& world,
                                  const flatbuffers::Vector<flatbuffers::Offset<flatbuffers::String>>* names);

 private:
  bool send_bytes();

  const busbar_message& message_;
  std::vector<flatbuffers::Offset<fb::ItemError>> faults_;
  std::vector<Text> agent_names_;  // by number; null: not written yet
};

/// A page of a list. @throws Refusal payments/out-of-range for a limit above 1,000
uint32_t page_limit(uint32_t limit);

// --- What is sent in several answers

flatbuffers::Offset<fb::Event> write_event(Answer& answer, const World& world, const Event& event, uint64_t seq);
/// Whether an event names one of these payments (sorted).
bool event_is_about(const World& world, const Event& event, const std::vector<uint32_t>& family);
flatbuffers::Offset<fb::Costs> write_costs(flatbuffers::FlatBufferBuilder& builder, const Costs& costs);
flatbuffers::Offset<fb::TickResult> write_tick(flatbuffers::FlatBufferBuilder& builder, uint32_t tick,
                                               const TickRow& row);
flatbuffers::Offset<fb::SimInfo> write_info(Answer& answer, uint32_t id);
flatbuffers::Offset<fb::Transaction> write_transaction(Answer& answer, const World& world, uint32_t id);
flatbuffers::Offset<fb::Metrics> write_metrics(flatbuffers::FlatBufferBuilder& builder, const World& world);
Costs costs_of_all(const World& world);

// --- One function per method, by the file that holds it

void answer_version(Answer& answer);
void answer_new(Answer& answer);
void answer_list(Answer& answer);
void answer_delete(Answer& answer);
void answer_tick(Answer& answer);
void answer_run_to_end(Answer& answer);
void answer_current_tick(Answer& answer);
void answer_current_day(Answer& answer);

void answer_agent_ids(Answer& answer);
void answer_balances(Answer& answer);
void answer_queue1_sizes(Answer& answer);
void answer_queue2_sizes(Answer& answer);
void answer_update_policy(Answer& answer);
void answer_state(Answer& answer);
void answer_costs(Answer& answer);

void answer_submit(Answer& answer);
void answer_withdraw(Answer& answer);
void answer_resubmit(Answer& answer);
void answer_transactions(Answer& answer);
void answer_near_deadline(Answer& answer);
void answer_overdue(Answer& answer);
void answer_lifecycle(Answer& answer);

void answer_events(Answer& answer);
void answer_metrics(Answer& answer);
void answer_timeline(Answer& answer);
void answer_agent_timeline(Answer& answer);

void answer_snapshot(Answer& answer);
void answer_restore(Answer& answer);
void answer_sweep(Answer& answer);

void answer_policy_schema(Answer& answer);
void answer_cost_schema(Answer& answer);
void answer_validate_policy(Answer& answer);
void answer_validate_config(Answer& answer);

}  // namespace busbar::payments
