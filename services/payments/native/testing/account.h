// An account of a run that is kept from its events alone, as the messages tell them; what an event says about the time before it is
// expected to be what the account holds.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "payments_generated.h"
#include "testing/scenes.h"

namespace busbar::payments::testing {

namespace fb = ::payments;
using Kind = fb::EventKind;

struct BookedPayment {
  std::string from, to;
  int64_t amount = 0;
  uint32_t priority = 0, deadline = 0;
  /// Parts of a split may be raised by it; their first event says to what.
  bool new_part = false;
  fb::TransactionStatus status = fb::TransactionStatus::Pending;
  std::set<uint32_t> parts;
};

struct BookedBank {
  int64_t balance = 0, deferred = 0, collateral = 0, allocated = 0, pool = 0;
  std::vector<int64_t> costs = std::vector<int64_t>(7), today = std::vector<int64_t>(7);
  std::map<std::string, double> registers;
};

inline std::vector<int64_t> parts_of(const fb::Costs& costs) {
  return {costs.overdraft(),        costs.delay(),       costs.collateral(),    costs.liquidity(),
          costs.deadline_penalty(), costs.eod_penalty(), costs.split_friction()};
}

/// Accounts of one run.
class Account {
 public:
  explicit Account(const Scene& scene) : scene_(scene) {
    for (const SceneAgent& agent : scene.agents) {
      BookedBank& bank = banks[agent.id];
      bank.balance = agent.balance;
      bank.collateral = agent.collateral;
      bank.pool = agent.pool;
    }
  }

  void book(const fb::Event& event) {
    if (event.tick() != tick_) next_tick(event.tick());
    kinds[event.kind()] += 1;
    const int64_t amount = event.amount();
    switch (event.kind()) {
      case Kind::Arrival:
        payments[*event.tx()] = {name(event.agent()), name(event.counterparty()), amount, event.priority(), event.deadline_tick(), {}, {}, {}};
        break;
      case Kind::PolicySplit:
        split(event);
        break;
      case Kind::PolicyDrop:
        EXPECT_EQ(event.deadline_tick(), tx(event).deadline);
        tx(event).status = fb::TransactionStatus::Dropped;
        break;
      case Kind::PolicySubmit:
        had_priority(event, event.priority());
        EXPECT_EQ(amount, tx(event).amount);
        tx(event).status = fb::TransactionStatus::Pending;
        break;
      case Kind::TransactionReprioritized:
      case Kind::PriorityEscalated:
        had_priority(event, event.old_priority());
        EXPECT_EQ(event.ticks(), static_cast<int32_t>(tx(event).deadline) - static_cast<int32_t>(tick_));
        tx(event).priority = event.priority();
        break;
      case Kind::RtgsSubmission:
        EXPECT_EQ(event.priority(), tx(event).priority);
        EXPECT_EQ(static_cast<uint32_t>(event.rtgs_priority()), tx(event).priority >= 8 ? 2u : tx(event).priority >= 4 ? 1u : 0u);
        break;
      case Kind::QueuedRtgs:
        EXPECT_EQ(event.position(), queue2.size());
        enqueue(*event.tx());
        break;
      case Kind::RtgsWithdrawal:
        std::erase(queue2, *event.tx());
        tx(event).status = fb::TransactionStatus::Pending;
        break;
      case Kind::RtgsResubmission:
        std::erase(queue2, *event.tx());
        enqueue(*event.tx());
        break;
      case Kind::RtgsImmediateSettlement:
      case Kind::Queue2LiquidityRelease:
        EXPECT_EQ(amount, tx(event).amount);
        moved(event, bank(event).balance, -amount);
        receive(name(event.counterparty()), amount);
        settle(*event.tx());
        break;
      case Kind::LsmBilateralOffset:
      case Kind::EntryDispositionOffset:
      case Kind::LsmCycleSettlement:
        offset(event);
        break;
      case Kind::DeferredCreditApplied:
        EXPECT_EQ(amount, bank(event).deferred);
        bank(event).deferred = 0;
        moved(event, bank(event).balance, amount);
        break;
      case Kind::LiquidityReturn:
        moved(event, bank(event).balance, -amount);
        bank(event).pool += amount;
        break;
      case Kind::LiquidityAllocation:
        moved(event, bank(event).balance, amount);
        bank(event).pool -= amount;
        bank(event).allocated = amount;
        break;
      case Kind::CollateralPost:
        moved(event, bank(event).collateral, amount);
        break;
      case Kind::CollateralWithdraw:
      case Kind::CollateralTimerWithdrawn:
        moved(event, bank(event).collateral, -amount);
        break;
      case Kind::CollateralTimerBlocked:
        EXPECT_EQ(event.before(), bank(event).collateral);
        EXPECT_LE(event.ticks(), static_cast<int32_t>(tick_));
        break;
      case Kind::StateRegisterSet:
        EXPECT_EQ(event.old_value(), bank(event).registers[name(event.name())]);
        bank(event).registers[name(event.name())] = event.value();
        break;
      case Kind::BankBudgetSet:
        EXPECT_EQ(event.count(), event.agents() == nullptr ? 0 : event.agents()->size());
        EXPECT_GE(event.limit(), -1);
        break;
      case Kind::BilateralLimitExceeded:
      case Kind::MultilateralLimitExceeded:
        EXPECT_GT(amount, event.limit());
        break;
      case Kind::AlgorithmExecution:
        algorithms[event.position()] += event.count();
        rejected[event.position()] += event.rejected();
        exhausted += event.exhausted();
        break;
      case Kind::TransactionWentOverdue:
        EXPECT_GT(tick_, event.deadline_tick());
        EXPECT_EQ(event.deadline_tick(), tx(event).deadline);
        owed_[name(event.agent())][4] += event.cost();
        break;
      case Kind::OverdueTransactionSettled:
        EXPECT_EQ(event.ticks(), static_cast<int32_t>(tick_ - event.deadline_tick()));
        EXPECT_EQ(event.deadline_tick(), tx(event).deadline);
        break;
      case Kind::EndOfDay:
        EXPECT_EQ(event.position(), tick_ / scene_.ticks_per_day);
        EXPECT_EQ(event.count(), queue2.size());
        EXPECT_EQ(event.other_amount(), static_cast<int64_t>(open().size() - queue2.size()));
        EXPECT_EQ(amount, value(open()));
        penalties_ = event.cost();
        break;
      case Kind::CostAccrual:
        accrue(event);
        break;
      case Kind::ScenarioEventExecuted:
        scenario(event);
        break;
      default:
        break;
    }
  }

  std::vector<uint32_t> open() const {
    std::vector<uint32_t> ids;
    for (const auto& [id, one] : payments) {
      if (one.status == fb::TransactionStatus::Pending || one.status == fb::TransactionStatus::Queued) ids.push_back(id);
    }
    return ids;
  }
  void close_tick() { EXPECT_EQ(penalties_, 0) << "penalties of the end of the day that nobody was charged"; }

  std::map<std::string, BookedBank> banks;
  std::map<uint32_t, BookedPayment> payments;
  std::vector<uint32_t> queue2;
  std::map<Kind, uint64_t> kinds;
  std::map<uint32_t, uint64_t> algorithms, rejected;
  uint64_t exhausted = 0, offset_payments = 0;

 private:
  static std::string name(const flatbuffers::String* text) { return text == nullptr ? "" : text->str(); }
  BookedBank& bank(const fb::Event& event) { return banks.at(name(event.agent())); }
  BookedPayment& tx(const fb::Event& event) { return payments.at(*event.tx()); }

  void next_tick(uint32_t tick) {
    close_tick();
    if (tick / scene_.ticks_per_day != tick_ / scene_.ticks_per_day) {
      for (auto& [id, one] : banks) {
        one.today.assign(7, 0);
        for (auto& [key, number] : one.registers) number = 0;
        if (scene_.reallocation) one.allocated = 0;
      }
    }
    tick_ = tick;
    owed_.clear();
  }
  void moved(const fb::Event& event, int64_t& account, int64_t by) {
    EXPECT_EQ(event.before(), account) << fb::EnumNameEventKind(event.kind());
    account += by;
    EXPECT_EQ(event.after(), account) << fb::EnumNameEventKind(event.kind());
  }
  void receive(const std::string& to, int64_t amount) { (scene_.deferred ? banks.at(to).deferred : banks.at(to).balance) += amount; }
  void had_priority(const fb::Event& event, uint32_t priority) {
    BookedPayment& one = tx(event);
    if (one.new_part) {
      EXPECT_GE(priority, one.priority);
      one.priority = priority;
      one.new_part = false;
    }
    EXPECT_EQ(priority, one.priority);
  }
  void enqueue(uint32_t id) {
    queue2.push_back(id);
    payments.at(id).status = fb::TransactionStatus::Queued;
  }
  void settle(uint32_t id) {
    std::erase(queue2, id);
    EXPECT_NE(payments.at(id).status, fb::TransactionStatus::Settled) << id;
    payments.at(id).status = fb::TransactionStatus::Settled;
  }
  int64_t value(const std::vector<uint32_t>& ids) const {
    int64_t sum = 0;
    for (const uint32_t id : ids) sum += payments.at(id).amount;
    return sum;
  }

  void split(const fb::Event& event) {
    const BookedPayment whole = tx(event);
    EXPECT_EQ(event.amount(), whole.amount);
    ASSERT_EQ(event.count(), event.txs()->size());
    int64_t sum = 0;
    for (uint32_t i = 0; i < event.count(); ++i) {
      BookedPayment part = whole;
      part.amount = event.amounts()->Get(i);
      part.parts.clear();
      part.new_part = true;
      sum += part.amount;
      payments[event.txs()->Get(i)] = part;
      tx(event).parts.insert(event.txs()->Get(i));
    }
    EXPECT_EQ(sum, whole.amount);
    tx(event).status = fb::TransactionStatus::Split;
    owed_[name(event.agent())][6] += event.cost();
  }

  /// Payments that settle together: the money that moves is what is left over.
  void offset(const fb::Event& event) {
    std::map<std::string, int64_t> nets;
    int64_t there = 0, back = 0, sum = 0;
    for (uint32_t i = 0; i < event.txs()->size(); ++i) {
      const uint32_t id = event.txs()->Get(i);
      const BookedPayment& one = payments.at(id);
      EXPECT_EQ(event.amounts()->Get(i), one.amount);
      (one.from == name(event.agent()) ? there : back) += one.amount;
      sum += one.amount;
      nets[one.from] -= one.amount;
      nets[one.to] += one.amount;
      settle(id);
      offset_payments += 1;
    }
    if (event.kind() == Kind::LsmBilateralOffset) {
      EXPECT_EQ(event.amount(), there);
      EXPECT_EQ(event.other_amount(), back);
      EXPECT_EQ(event.net(), there - back);
    } else if (event.kind() == Kind::EntryDispositionOffset) {
      EXPECT_EQ(event.amount(), tx(event).amount);
      EXPECT_EQ(event.net(), there - back);
    } else {
      EXPECT_EQ(event.amount(), sum);
      std::map<std::string, int64_t> told;
      for (uint32_t i = 0; i < event.agents()->size(); ++i) told[event.agents()->Get(i)->str()] = event.nets()->Get(i);
      EXPECT_EQ(told, nets);
      EXPECT_EQ(event.net(), -nets.at(name(event.agent())));
      for (const auto& [id, net] : nets) EXPECT_LE(-net, event.net());
    }
    for (const auto& [id, net] : nets) {
      if (net < 0) banks.at(id).balance += net;
      if (net > 0) receive(id, net);
    }
  }

  void accrue(const fb::Event& event) {
    const std::vector<int64_t> costs = parts_of(*event.costs());
    int64_t sum = 0;
    for (size_t i = 0; i < costs.size(); ++i) {
      sum += costs[i];
      bank(event).costs[i] += costs[i];
      bank(event).today[i] += costs[i];
    }
    EXPECT_EQ(sum, event.amount());
    EXPECT_EQ(event.costs()->total(), sum);
    for (const size_t kind : {size_t{4}, size_t{6}}) EXPECT_EQ(costs[kind], owed_[name(event.agent())][kind]) << kind;
    penalties_ -= costs[5];
  }

  void scenario(const fb::Event& event) {
    EXPECT_LT(event.position(), scene_.scenario.size());
    const std::string& config = scene_.scenario[event.position()];
    EXPECT_NE(config.find("\"type\":\"" + name(event.name()) + "\""), std::string::npos);
    if (name(event.reason()) != "done") {
      if (event.tx()) {
        EXPECT_EQ(tx(event).status, fb::TransactionStatus::Dropped);
      }
      return;
    }
    if (name(event.name()) == "DirectTransfer") {
      bank(event).balance -= event.amount();
      banks.at(name(event.counterparty())).balance += event.amount();
    }
    if (name(event.name()) == "CollateralAdjustment") bank(event).collateral += event.amount();
  }

  const Scene& scene_;
  uint32_t tick_ = 0;
  std::map<std::string, std::map<size_t, int64_t>> owed_;
  int64_t penalties_ = 0;
};

}  // namespace busbar::payments::testing
