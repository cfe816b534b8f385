// Method: random runs behind the plugin; every filtered list, count and mean is made anew from the unfiltered list of payments, page by
// page, and from the timeline.
#include <map>
#include <set>

#include "core/random/random.h"
#include "testing/plugin_fixture.h"

namespace {

namespace fb = ::payments;
namespace methods = busbar::rpc::payments::Payments;
namespace scenes = busbar::payments::testing;
using scenes::Plugin;
using Status = fb::TransactionStatus;

/// Absent when there are none.
std::vector<uint32_t> parts_of(const fb::Transaction& payment) {
  if (payment.children() == nullptr) return {};
  return {payment.children()->begin(), payment.children()->end()};
}

struct Row {
  uint32_t id, arrival, deadline;
  std::string sender, receiver;
  int64_t amount;
  Status status;
  bool overdue;
  int64_t parent, settled;
  std::vector<uint32_t> children;
};

bool is_open(const Row& row) {
  return row.status == Status::Pending || row.status == Status::Queued || row.status == Status::Scheduled;
}

class Queries : public Plugin {
 protected:
  using Rows = std::vector<Row>;

  /// All pages of a list, with pages of `size`. @returns the payments; `total` of every page must be their number
  template <class Ask>
  Rows all(uint32_t size, Ask ask) {
    Rows rows;
    uint32_t total = 0;
    do {
      const fb::TransactionsReply* reply = ask(size, static_cast<uint32_t>(rows.size()));
      EXPECT_NE(reply, nullptr) << host.text;
      if (reply == nullptr) return rows;
      total = reply->total();
      EXPECT_EQ(reply->transactions()->size(), std::min<size_t>(size, total - rows.size()));
      for (const auto* one : *reply->transactions()) {
        rows.push_back({one->id(), one->arrival_tick(), one->deadline_tick(), one->sender()->str(), one->receiver()->str(), one->amount(),
                        one->status(), one->overdue(), one->parent() ? int64_t{*one->parent()} : -1,
                        one->settled_tick() ? int64_t{*one->settled_tick()} : -1,
                        parts_of(*one)});
      }
    } while (rows.size() < total);
    return rows;
  }
  Rows transactions(uint32_t sim, flatbuffers::Optional<Status> status = flatbuffers::nullopt, const std::string& agent = "", uint32_t size = 1000) {
    return all(size, [&](uint32_t limit, uint32_t offset) {
      const auto name = builder.CreateString(agent);
      fb::GetTransactionsRequestBuilder request(builder);
      request.add_sim_id(sim);
      if (status) request.add_status(*status);
      request.add_agent(name);
      request.add_limit(limit);
      request.add_offset(offset);
      return client.ask<fb::TransactionsReply>(methods::GetTransactions, builder, request.Finish());
    });
  }
  static std::vector<uint32_t> ids(const Rows& rows) {
    std::vector<uint32_t> list;
    for (const Row& row : rows) list.push_back(row.id);
    return list;
  }
  template <class Keep>
  static std::vector<uint32_t> ids_where(const Rows& rows, Keep keep) {
    std::vector<uint32_t> list;
    for (const Row& row : rows) {
      if (keep(row)) list.push_back(row.id);
    }
    return list;
  }

  void lists(uint32_t sim, const Rows& rows, uint32_t now) {
    EXPECT_EQ(ids(transactions(sim, flatbuffers::nullopt, "", 7)), ids(rows));
    for (const Status status : fb::EnumValuesTransactionStatus()) {
      EXPECT_EQ(ids(transactions(sim, status, "", 5)), ids_where(rows, [&](const Row& row) { return row.status == status; }));
    }
    for (const char* agent : {"BANK_0000", "BANK_0001"}) {
      EXPECT_EQ(ids(transactions(sim, Status::Settled, agent)), ids_where(rows, [&](const Row& row) {
                  return row.status == Status::Settled && (row.sender == agent || row.receiver == agent);
                }));
    }
    for (const uint32_t within : {1u, 3u, 100u}) {
      const Rows near = all(4, [&](uint32_t limit, uint32_t offset) {
        return client.ask<fb::TransactionsReply>(methods::NearDeadline, builder, fb::CreateNearDeadlineRequest(builder, sim, within, limit, offset));
      });
      EXPECT_EQ(ids(near), ids_where(rows, [&](const Row& row) { return is_open(row) && row.deadline >= now && row.deadline <= now + within; }));
      near_seen_ += near.size();
    }
    const Rows overdue = all(3, [&](uint32_t limit, uint32_t offset) {
      return client.ask<fb::TransactionsReply>(methods::Overdue, builder, fb::CreateOverdueRequest(builder, sim, limit, offset));
    });
    EXPECT_EQ(ids(overdue), ids_where(rows, [](const Row& row) { return is_open(row) && row.overdue; }));
    overdue_seen_ += overdue.size();
  }

  void metrics(uint32_t sim, const Rows& rows, uint32_t now) {
    const auto* timeline = client.ask<fb::TimelineReply>(methods::GetTimeline, builder, fb::CreateTimelineRequest(builder, sim, 0, 1000));
    uint32_t released = 0, peak = 0, arrived = 0, settled_in_ticks = 0;
    for (uint32_t tick = 0; tick < now; ++tick) {
      released += timeline->lsm_releases()->Get(tick);
      arrived += timeline->arrivals()->Get(tick);
      settled_in_ticks += timeline->settlements()->Get(tick);
      peak = std::max(peak, timeline->queue2_size()->Get(tick));
    }
    const double feasibility = timeline->feasibility_ratio()->Get(now - 1);
    const auto* costs = client.ask<fb::CostsReply>(methods::GetCosts, builder, fb::CreateAgentsRequest(builder, sim));
    const int64_t cost = costs->total()->total();
    const auto* reply = ask_sim<fb::MetricsReply>(methods::GetMetrics, sim);
    const fb::Metrics& said = *reply->metrics();
    uint32_t settled = 0, dropped = 0, open = 0, children = 0, parents = 0, queued = 0;
    int64_t in = 0, settled_value = 0, dropped_value = 0, open_value = 0;
    double delay = 0;
    for (const Row& row : rows) {
      children += row.parent >= 0;
      if (row.parent < 0) in += row.amount;
      if (!row.children.empty()) {
        parents += 1;
      } else if (row.status == Status::Settled) {
        settled += 1, settled_value += row.amount, delay += static_cast<double>(row.settled - row.arrival);
      } else if (row.status == Status::Dropped) {
        dropped += 1, dropped_value += row.amount;
      } else {
        open += 1, open_value += row.amount;
        queued += row.status == Status::Queued;
      }
    }
    EXPECT_EQ(said.tick(), now);
    EXPECT_EQ(said.arrivals(), rows.size() - children);
    EXPECT_EQ(said.arrivals(), arrived);
    EXPECT_EQ(said.arrivals_value(), in);
    EXPECT_EQ(said.children(), children);
    EXPECT_EQ(said.split_parents(), parents);
    EXPECT_EQ(said.settled(), settled);
    EXPECT_EQ(said.settled(), settled_in_ticks);
    EXPECT_EQ(said.settled_value(), settled_value);
    EXPECT_EQ(said.dropped(), dropped);
    EXPECT_EQ(said.dropped_value(), dropped_value);
    EXPECT_EQ(said.open(), open);
    EXPECT_EQ(said.open_value(), open_value);
    EXPECT_EQ(said.queue2_size(), queued);
    EXPECT_EQ(said.queue1_size(), open - queued);
    EXPECT_EQ(said.queue1_value() + said.queue2_value(), open_value);
    EXPECT_EQ(said.lsm_settled(), released);
    EXPECT_LE(said.lsm_settled_value(), said.settled_value());
    EXPECT_EQ(said.lsm_settled_value() > 0, released > 0);
    EXPECT_EQ(said.peak_queue2_size(), peak);
    EXPECT_EQ(said.total_cost(), cost);
    EXPECT_DOUBLE_EQ(said.feasibility_ratio(), feasibility);
    EXPECT_DOUBLE_EQ(said.settlement_rate(), in == 0 ? 1 : static_cast<double>(settled_value) / static_cast<double>(in));
    EXPECT_DOUBLE_EQ(said.mean_delay_ticks(), settled == 0 ? 0 : delay / settled);
  }

  /// The events of a life are those that name the payment, a part of it, or what it is a part of.
  void lives(uint32_t sim, const Rows& rows) {
    std::map<uint32_t, std::vector<uint64_t>> by_payment;
    each_event(sim, [&](const fb::Event& event) {
      if (event.kind() == fb::EventKind::PolicySubmit) {
        ASSERT_EQ(event.parent() ? int64_t{*event.parent()} : -1, rows[*event.tx()].parent);
        parts_seen_ += event.parent() ? 1 : 0;
      } else {
        ASSERT_FALSE(event.parent());
      }
      std::set<uint32_t> named;
      if (event.tx()) named.insert(*event.tx());
      if (event.txs() != nullptr) named.insert(event.txs()->begin(), event.txs()->end());
      for (const uint32_t id : named) by_payment[id].push_back(event.seq());
    });
    for (const Row& row : rows) {
      std::set<uint32_t> family{row.id};
      for (int64_t parent = row.parent; parent >= 0; parent = rows[static_cast<size_t>(parent)].parent) family.insert(static_cast<uint32_t>(parent));
      std::vector<uint32_t> below{row.id};
      size_t depth = 0;
      for (; !below.empty(); ++depth) {
        std::vector<uint32_t> deeper;
        for (const uint32_t id : below) deeper.insert(deeper.end(), rows[id].children.begin(), rows[id].children.end());
        family.insert(deeper.begin(), deeper.end());
        below = deeper;
      }
      grandchildren_ += depth > 2;
      std::set<uint64_t> expected;
      for (const uint32_t id : family) expected.insert(by_payment[id].begin(), by_payment[id].end());
      const auto* life = client.ask<fb::LifecycleReply>(methods::GetLifecycle, builder, fb::CreateLifecycleRequest(builder, sim, row.id));
      std::vector<uint64_t> told;
      for (const auto* event : *life->events()) told.push_back(event->seq());
      EXPECT_EQ(told, std::vector<uint64_t>(expected.begin(), expected.end())) << "payment " << row.id;
    }
  }

  size_t near_seen_ = 0, overdue_seen_ = 0, grandchildren_ = 0, parts_seen_ = 0;
};

TEST_F(Queries, SayWhatTheListOfAllPaymentsSays) {
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    busbar::random::Stream dice(seed, "queries", 0);
    const uint32_t sim = make(scenes::random_scene(dice).json());
    const auto now = static_cast<uint32_t>(3 + dice.below(12));
    tick(sim, now);
    const auto done = static_cast<uint32_t>(ask_sim<fb::NumberReply>(methods::CurrentTick, sim)->value());
    const Rows rows = transactions(sim);
    lists(sim, rows, done);
    metrics(sim, rows, done);
    if (seed % 4 == 0) lives(sim, rows);
    if (HasFailure()) return;
  }
  EXPECT_GT(near_seen_, 100u);
  EXPECT_GT(overdue_seen_, 20u);
}

/// Halves that come back out of Queue 2 are halved again.
TEST_F(Queries, TellTheLifeOfPartsOfParts) {
  const char* const halve = R"({"type":"Inline","decision_trees":{"version":"1.0","policy_id":"halve","payment_tree":
{"type":"condition","node_id":"q","condition":{"op":"==","left":{"field":"is_in_queue2"},"right":1},
 "on_true":{"type":"action","node_id":"back","action":"WithdrawFromRtgs"},
 "on_false":{"type":"action","node_id":"half","action":"Split","parameters":{"num_splits":2,"min_split_amount":50}}}}})";
  scenes::Scene scene = scenes::banks(2, 0, scenes::arrivals(0.3, 400, 900, 3, 9), halve);
  scene.ticks_per_day = 12;
  const uint32_t sim = make(scene.json());
  tick(sim, 12);
  const Rows rows = transactions(sim);
  lives(sim, rows);
  metrics(sim, rows, 12);
  EXPECT_GT(grandchildren_, 3u);
  EXPECT_GT(parts_seen_, 10u);
}

}  // namespace
