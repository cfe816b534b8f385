// Payments in, out of Queue 2, and looked up.
#include <algorithm>
#include <functional>

#include "answer.h"

namespace busbar::payments {
namespace {

using Filter = std::function<bool(const Transaction&)>;

bool is_open(const Transaction& payment) {
  return payment.status == Status::pending || payment.status == Status::queued || payment.status == Status::scheduled;
}

/// One page of the payments that a filter lets through, by number.
void send_page(Answer& answer, const World& world, uint32_t limit, uint32_t offset, const Filter& filter) {
  limit = page_limit(limit);
  std::vector<flatbuffers::Offset<fb::Transaction>> list;
  uint32_t total = 0;
  for (uint32_t id = 0; id < world.transactions.size(); ++id) {
    if (!filter(world.transactions[id])) continue;
    if (total >= offset && list.size() < limit) list.push_back(write_transaction(answer, world, id));
    total += 1;
  }
  const auto payments = answer.builder.CreateVector(list);
  answer.send(fb::CreateTransactionsReply(answer.builder, payments, total, answer.item_faults()));
}

Submission read_item(const World& world, const fb::TransactionItem& item) {
  const auto bank = [&](const flatbuffers::String* name) {
    return name == nullptr ? kNone : world.config->find_agent(name->string_view());
  };
  return {bank(item.sender()),  bank(item.receiver()), item.amount(),
          item.deadline_tick(), item.priority(),       item.divisible()};
}

uint32_t columns_length(const fb::TransactionColumns& columns) {
  const auto size = [](const auto* vector) { return vector == nullptr ? 0 : vector->size(); };
  const uint32_t count = size(columns.sender());
  const bool divisible = size(columns.divisible()) == 0 || size(columns.divisible()) == count;
  if (size(columns.receiver()) != count || size(columns.amount()) != count || size(columns.deadline_tick()) != count ||
      size(columns.priority()) != count || !divisible) {
    throw Refusal(Code::conflict, "columns", "have different lengths; sender has " + std::to_string(count));
  }
  return count;
}

/// Adds the names that were asked for to what is said about an unknown bank.
void tell_fault(Answer& answer, uint32_t index, ItemFault fault, const fb::TransactionItem* item) {
  if (item != nullptr && fault.code == Code::not_found) {
    const auto* const name = std::string_view(fault.field) == "sender" ? item->sender() : item->receiver();
    fault.text = "there is no agent '" + (name == nullptr ? std::string() : name->str().substr(0, 64)) + "'";
  }
  answer.item_fault(index, item != nullptr ? "items" : "columns", fault);
}

}  // namespace

flatbuffers::Offset<fb::Transaction> write_transaction(Answer& answer, const World& world, uint32_t id) {
  const Transaction& payment = world.transactions[id];
  const Text sender = answer.agent_name(world, payment.sender);
  const Text receiver = answer.agent_name(world, payment.receiver);
  flatbuffers::Offset<flatbuffers::Vector<uint32_t>> children;  // absent reads as empty, and most have none
  if (payment.children > 0) {
    uint32_t* list = nullptr;
    children = answer.builder.CreateUninitializedVector(payment.children, &list);
    for (uint32_t i = 0; i < payment.children; ++i) list[i] = payment.first_child + i;
  }
  fb::TransactionBuilder out(answer.builder);
  out.add_id(id);
  out.add_sender(sender);
  out.add_receiver(receiver);
  out.add_amount(payment.amount);
  out.add_remaining(payment.remaining);
  out.add_arrival_tick(payment.arrival);
  out.add_deadline_tick(payment.deadline);
  out.add_priority(payment.priority);
  out.add_original_priority(payment.original_priority);
  out.add_status(static_cast<fb::TransactionStatus>(payment.status));
  out.add_divisible(payment.divisible != 0);
  out.add_overdue(payment.overdue());
  if (payment.parent != kNone) out.add_parent(payment.parent);
  if (payment.settled_tick != kNone) out.add_settled_tick(payment.settled_tick);
  if (payment.overdue()) out.add_overdue_since(payment.overdue_since);
  if (payment.queued_tick != kNone) out.add_queued_tick(payment.queued_tick);
  out.add_rtgs_priority(static_cast<fb::RtgsPriority>(payment.rtgs_class));
  if (payment.release_tick != kNone) out.add_release_tick(payment.release_tick);
  out.add_children(children);
  return out.Finish();
}

void answer_submit(Answer& answer) {
  const auto* const request = answer.request<fb::SubmitTransactionRequest>();
  if (request == nullptr) return;
  World& world = answer.world(request->sim_id());
  const auto* const items = request->items();
  const auto* const columns = request->columns();
  if ((items != nullptr && items->size() > 0) && columns != nullptr) {
    throw Refusal(Code::conflict, "columns", "stand beside items; send one of them");
  }
  const uint32_t count = columns != nullptr ? columns_length(*columns) : items == nullptr ? 0 : items->size();
  answer.require_items(count);
  std::vector<uint32_t> ids(count, kNone);
  for (uint32_t i = 0; i < count; ++i) {
    Submission wanted;
    if (columns == nullptr) {
      wanted = read_item(world, *items->Get(i));
    } else {
      wanted = {
          columns->sender()->Get(i),
          columns->receiver()->Get(i),
          columns->amount()->Get(i),
          columns->deadline_tick()->Get(i),
          columns->priority()->Get(i),
          columns->divisible() == nullptr || columns->divisible()->size() == 0 || columns->divisible()->Get(i) != 0};
    }
    const ItemFault fault = submit(world, wanted, ids[i]);
    if (fault) tell_fault(answer, i, fault, columns == nullptr ? items->Get(i) : nullptr);
  }
  const auto list = answer.builder.CreateVector(ids);
  answer.send(fb::CreateSubmitTransactionReply(answer.builder, list, answer.item_faults()));
}

void answer_withdraw(Answer& answer) {
  const auto* const request = answer.request<fb::WithdrawRequest>();
  if (request == nullptr) return;
  World& world = answer.world(request->sim_id());
  const uint32_t count = request->ids() == nullptr ? 0 : request->ids()->size();
  answer.require_items(count);
  uint32_t done = 0;
  for (uint32_t i = 0; i < count; ++i) {
    const ItemFault fault = withdraw(world, request->ids()->Get(i));
    if (fault) answer.item_fault(i, "ids", fault);
    done += !fault;
  }
  answer.send(fb::CreateItemsReply(answer.builder, done, answer.item_faults()));
}

void answer_resubmit(Answer& answer) {
  const auto* const request = answer.request<fb::ResubmitRequest>();
  if (request == nullptr) return;
  World& world = answer.world(request->sim_id());
  const uint32_t count = request->ids() == nullptr ? 0 : request->ids()->size();
  const uint32_t classes = request->rtgs_priority() == nullptr ? 0 : request->rtgs_priority()->size();
  answer.require_items(count);
  if (classes != count) {
    throw Refusal(Code::conflict, "rtgs_priority",
                  "has " + std::to_string(classes) + " items, ids has " + std::to_string(count));
  }
  uint32_t done = 0;
  for (uint32_t i = 0; i < count; ++i) {
    const ItemFault fault =
        resubmit(world, request->ids()->Get(i), static_cast<uint8_t>(request->rtgs_priority()->Get(i)));
    if (fault) answer.item_fault(i, "ids", fault);
    done += !fault;
  }
  answer.send(fb::CreateItemsReply(answer.builder, done, answer.item_faults()));
}

void answer_transactions(Answer& answer) {
  const auto* const request = answer.request<fb::GetTransactionsRequest>();
  if (request == nullptr) return;
  const World& world = answer.world(request->sim_id());
  if (request->ids() != nullptr && request->ids()->size() > 0) {
    page_limit(request->ids()->size());
    std::vector<flatbuffers::Offset<fb::Transaction>> list;
    for (uint32_t i = 0; i < request->ids()->size(); ++i) {
      const uint32_t id = request->ids()->Get(i);
      if (id < world.transactions.size()) {
        list.push_back(write_transaction(answer, world, id));
        continue;
      }
      list.push_back(fb::CreateTransaction(answer.builder, id));
      answer.item_fault(i, "ids", {Code::not_found, "ids", "there is no payment " + std::to_string(id)});
    }
    const auto payments = answer.builder.CreateVector(list);
    const auto total = static_cast<uint32_t>(list.size());
    answer.send(fb::CreateTransactionsReply(answer.builder, payments, total, answer.item_faults()));
    return;
  }
  const auto status = request->status();
  uint32_t agent = kNone;
  if (request->agent() != nullptr && request->agent()->size() > 0) {
    agent = world.config->find_agent(request->agent()->string_view());
    if (agent == kNone) {
      throw Refusal(Code::not_found, "agent", "there is no agent '" + request->agent()->str().substr(0, 64) + "'");
    }
  }
  send_page(answer, world, request->limit(), request->offset(), [&](const Transaction& payment) {
    if (status && static_cast<uint8_t>(*status) != static_cast<uint8_t>(payment.status)) return false;
    return agent == kNone || payment.sender == agent || payment.receiver == agent;
  });
}

void answer_near_deadline(Answer& answer) {
  const auto* const request = answer.request<fb::NearDeadlineRequest>();
  if (request == nullptr) return;
  const World& world = answer.world(request->sim_id());
  const uint32_t within = request->within_ticks();
  if (within < 1 || within > 100) {
    throw Refusal(Code::out_of_range, "within_ticks", "is " + std::to_string(within) + "; it must lie in 1..100");
  }
  send_page(answer, world, request->limit(), request->offset(), [&](const Transaction& payment) {
    return is_open(payment) && payment.deadline >= world.tick && payment.deadline - world.tick <= within;
  });
}

void answer_overdue(Answer& answer) {
  const auto* const request = answer.request<fb::OverdueRequest>();
  if (request == nullptr) return;
  send_page(answer, answer.world(request->sim_id()), request->limit(), request->offset(),
            [](const Transaction& payment) { return is_open(payment) && payment.overdue(); });
}

void answer_lifecycle(Answer& answer) {
  const auto* const request = answer.request<fb::LifecycleRequest>();
  if (request == nullptr) return;
  const World& world = answer.world(request->sim_id());
  const uint32_t id = request->id();
  if (id >= world.transactions.size()) {
    throw Refusal(Code::not_found, "id", "there is no payment " + std::to_string(id));
  }
  // The payment, those it was split from, and those it was split into.
  std::vector<uint32_t> family{id};
  for (uint32_t parent = world.transactions[id].parent; parent != kNone; parent = world.transactions[parent].parent) {
    family.push_back(parent);
  }
  std::vector<uint32_t> below{id};
  while (!below.empty()) {
    const Transaction& payment = world.transactions[below.back()];
    below.pop_back();
    for (uint32_t i = 0; i < payment.children; ++i) {
      family.push_back(payment.first_child + i);
      below.push_back(payment.first_child + i);
    }
  }
  std::sort(family.begin(), family.end());
  std::vector<flatbuffers::Offset<fb::Event>> events;
  for (size_t i = 0; i < world.events.size(); ++i) {
    if (event_is_about(world, world.events[i], family)) {
      events.push_back(write_event(answer, world, world.events[i], world.first_event + i));
    }
  }
  const auto list = answer.builder.CreateVector(events);
  const auto payment = write_transaction(answer, world, id);
  answer.send(fb::CreateLifecycleReply(answer.builder, payment, list, world.first_event == 0));
}

}  // namespace busbar::payments
