// Method: an account of random runs that is kept from their events alone, as the messages tell them, is at the end what the service says:
// balances, collateral, liquidity, costs, registers, places and priorities of all payments, queues and counts.
#include <map>
#include <set>

#include "core/random/random.h"
#include "testing/account.h"
#include "testing/plugin_fixture.h"

namespace {

namespace fb = ::payments;
namespace methods = busbar::rpc::payments::Payments;
namespace scenes = busbar::payments::testing;
using Kind = fb::EventKind;
using scenes::Account;
using scenes::parts_of;

class Accounts : public scenes::Plugin {
 protected:
  void compare(uint32_t sim, Account& account) {
    const auto* state = client.ask<fb::StateReply>(methods::GetState, builder, fb::CreateGetStateRequest(builder, sim, 0, true));
    EXPECT_EQ(std::vector<uint32_t>(state->queue2()->begin(), state->queue2()->end()), account.queue2);
    for (const auto* said : *state->agents()) {
      SCOPED_TRACE(said->agent()->str());
      scenes::BookedBank& bank = account.banks.at(said->agent()->str());
      EXPECT_EQ(said->balance(), bank.balance);
      EXPECT_EQ(said->deferred_credits(), 0);
      EXPECT_EQ(said->posted_collateral(), bank.collateral);
      EXPECT_EQ(said->liquidity_allocated(), bank.allocated);
      EXPECT_EQ(said->liquidity_pool_free(), bank.pool);
      EXPECT_EQ(parts_of(*said->costs()), bank.costs);
      EXPECT_EQ(parts_of(*said->costs_today()), bank.today);
      for (uint32_t i = 0; i < said->register_names()->size(); ++i) {
        EXPECT_EQ(said->register_values()->Get(i), bank.registers[said->register_names()->Get(i)->str()]);
      }
    }
    uint32_t offset = 0, total = 0;
    do {
      const auto* page = client.ask<fb::TransactionsReply>(
          methods::GetTransactions, builder, fb::CreateGetTransactionsRequest(builder, sim, 0, flatbuffers::nullopt, 0, 1000, offset));
      total = page->total();
      for (const auto* said : *page->transactions()) {
        SCOPED_TRACE("payment " + std::to_string(said->id()));
        const scenes::BookedPayment& one = account.payments.at(said->id());
        EXPECT_EQ(said->sender()->str(), one.from);
        EXPECT_EQ(said->receiver()->str(), one.to);
        EXPECT_EQ(said->amount(), one.amount);
        EXPECT_EQ(said->deadline_tick(), one.deadline);
        const bool whole = !one.parts.empty();
        const bool waits = said->status() == fb::TransactionStatus::Scheduled;
        if (!whole) {
          EXPECT_EQ(waits ? fb::TransactionStatus::Pending : said->status(), one.status);
        }
        if (!one.new_part) {
          EXPECT_EQ(said->priority(), one.priority);
        }
        std::set<uint32_t> parts;
        if (said->children() != nullptr) parts.insert(said->children()->begin(), said->children()->end());
        EXPECT_EQ(parts, one.parts);
      }
      offset += page->transactions()->size();
    } while (offset < total);
    EXPECT_EQ(total, account.payments.size());
    const auto* metrics = ask_sim<fb::MetricsReply>(methods::GetMetrics, sim)->metrics();
    EXPECT_EQ(metrics->lsm_settled(), account.offset_payments);
    if (account.kinds[Kind::AlgorithmExecution] > 0) {
      EXPECT_EQ(metrics->bilateral_rejected(), account.rejected[2]);
      EXPECT_EQ(metrics->cycles_rejected(), account.rejected[3]);
      EXPECT_LE(account.exhausted, metrics->budget_exhausted());
      EXPECT_EQ(account.exhausted > 0, metrics->budget_exhausted() > 0);
      exhausted_ += account.exhausted;
      EXPECT_EQ(account.algorithms[2] + account.algorithms[3] + account.algorithms[4] + entry_, account.offset_payments);
    }
  }
  uint64_t entry_ = 0, exhausted_ = 0;
};

TEST_F(Accounts, KeptFromTheEventsAloneAreThoseOfTheService) {
  std::map<Kind, uint64_t> kinds;
  for (uint64_t seed = 1; seed <= 150; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    busbar::random::Stream dice(seed, "accounts", 0);
    scenes::Scene scene = scenes::random_scene(dice);
    if (seed % 3 == 0) scene.budget = 1 + dice.below(8);
    Account account(scene);
    const uint32_t sim = make(scene.json());
    tick(sim, 1000);
    entry_ = 0;
    each_event(sim, [&](const fb::Event& event) {
      account.book(event);
      if (event.kind() == Kind::EntryDispositionOffset) entry_ += event.txs()->size();
      if (HasFailure()) FAIL() << "event " << event.seq() << ", " << fb::EnumNameEventKind(event.kind()) << " of tick " << event.tick();
    });
    if (HasFailure()) return;
    account.close_tick();
    compare(sim, account);
    if (HasFailure()) return;
    for (const auto& [kind, count] : account.kinds) kinds[kind] += count;
  }
  EXPECT_GT(exhausted_, 0u);
  for (const Kind kind : fb::EnumValuesEventKind()) EXPECT_GT(kinds[kind], 0u) << fb::EnumNameEventKind(kind);
}

}  // namespace
