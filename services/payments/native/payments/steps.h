// The steps of a tick, in the order in which tick.cc calls them, and what tests ask of them one by one.
#pragma once

#include "world.h"

namespace busbar::payments {

// --- 0 to 1: a new day, scenario events, arrivals

void step_new_day(World& world);
void step_scenario(World& world);
void step_arrivals(World& world);

int64_t draw_amount(const AmountRule& rule, Dice dice);
uint32_t draw_receiver(const Generator& generator, Dice dice);
uint8_t draw_priority(const PriorityRule& rule, Dice dice);
uint32_t draw_deadline(const World& world, const GeneratorConfig& config, Dice dice);

// --- 1.5 to 2b: decisions

/// The strategic or end-of-tick collateral trees.
void step_collateral(World& world, TreeKind kind);
void step_banks(World& world);
void step_collateral_timers(World& world);
/// Fills world.submissions.
void step_release(World& world);
/// Decisions of trees about payments in Queue 2.
void step_queue2_decisions(World& world);

/// Back to Queue 1 of the sender.
void withdraw_from_queue2(World& world, uint32_t id, uint32_t reason);
/// To the end of a class of Queue 2; the payment is in it.
void resubmit_to_queue2(World& world, uint32_t id, uint8_t rtgs_class, uint32_t reason);
/// From Queue 1, as a release does it; the caller has taken it out of the list.
void submit_payment(World& world, uint32_t id);

// --- 3 to 5: settlement

void step_submissions(World& world);
/// First in first out, skipping what cannot settle; with priority_mode by class. @returns how many settled
uint32_t pass_queue2(World& world);
/// Step 4 with its AlgorithmExecution event.
void step_queue2(World& world);
void step_liquidity_saving(World& world);
/// Ids of the queued payments that the multilateral algorithm settles, in the order of the queue.
std::vector<uint32_t> largest_fifo_subset(const World& world);

// --- 5.7 to 8: booking

void step_deferred_credits(World& world);
/// Overdue marking, costs, penalties at the end of a day.
void step_costs(World& world);

}  // namespace busbar::payments
