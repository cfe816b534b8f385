#include "batch.h"

#include <algorithm>
#include <atomic>
#include <chrono>

namespace busbar::cards {
namespace {

uint64_t now_ns() {
  return static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
          .count());
}

}  // namespace

Fault too_many_moves(const std::string& path, uint64_t game, uint32_t turn) {
  const std::string limit = std::to_string(kMovesMax);
  return {Code::limit_exceeded, path + ": game " + std::to_string(game) + " has over " + limit +
                                    " moves at once in turn " + std::to_string(turn) + ", the limit is " + limit};
}

uint32_t Simulator::block_games(const Job& job) {
  const auto& players = job.match.players;
  const bool searches = std::find(std::begin(players), std::end(players), PlayerKind::search) != std::end(players);
  return searches ? kSearchBlockGames : kBlockGames;
}

Simulator::Simulator(Limits limits, uint32_t threads) : limits_(limits) {
  arenas_.resize(std::max(threads, 1u));
  for (auto& arena : arenas_) arena = std::make_unique<Arena>();
  blocks_.resize(kWaveBlocks);
  games_by_turns_.resize(kTurnsMax + 1);
}

bool Simulator::run(const Request* requests, size_t count, const Helpers& helpers, Stats* out, size_t first_item) {
  jobs_.resize(count);
  if (unfinished_) {  // a run before this one was cancelled in the middle of an item
    std::fill(games_by_turns_.begin(), games_by_turns_.end(), 0);
    clear_sums();
  }
  unfinished_ = true;
  size_t item = 0;         // whose blocks come next
  uint64_t next_game = 0;  // of that item
  size_t prepared = 0;
  size_t folded = 0;  // items whose statistics are complete
  const auto prepare_next = [&] {
    const size_t i = prepared++;
    jobs_[i] = prepare(requests[i], first_item + i, limits_, i > 0 ? &requests[i - 1] : nullptr,
                       i > 0 ? &jobs_[i - 1] : nullptr);
    out[i] = Stats{};
    out[i].fault = jobs_[i].fault;
    if (jobs_[i].rules != nullptr) {
      const Rules& rules = *jobs_[i].rules;
      out[i].player_count = rules.player_count;
      out[i].team_count = rules.teams ? rules.side_count : 0;
      std::copy_n(jobs_[i].match.codes, rules.player_count, out[i].codes);
    }
    if (jobs_[i].fault) jobs_[i].games = 0;
  };
  const auto finish_until = [&](size_t end) {
    for (; folded < end; ++folded) {
      finish(jobs_[folded], out[folded]);
      if (folded > 0) jobs_[folded - 1].rules.reset();  // the last one is kept: the next item may have the same program
    }
  };

  while (item < count) {
    uint32_t filled = 0;
    while (filled < kWaveBlocks && item < count) {
      if (prepared == item) prepare_next();
      const Job& job = jobs_[item];
      if (next_game >= job.games) {
        item += 1;
        next_game = 0;
        continue;
      }
      Block& block = blocks_[filled++];
      block.job = &job;
      block.item = item;
      block.first_game = next_game;
      block.games = static_cast<uint32_t>(std::min<uint64_t>(block_games(job), job.games - next_game));
      next_game += block.games;
    }
    Wave wave{this, &helpers, 0};
    if (filled > 1 && helpers.parallel != nullptr && arenas_.size() > 1) {
      helpers.parallel(helpers.context, filled, &Simulator::play_block, &wave);
    } else {
      for (uint32_t i = 0; i < filled; ++i) play_block(&wave, i, 0);
    }
    if (std::atomic_ref(wave.cancelled).load(std::memory_order_relaxed) != 0) return false;
    for (uint32_t i = 0; i < filled; ++i) {
      finish_until(blocks_[i].item);
      if (out[blocks_[i].item].fault) continue;
      fold(blocks_[i], out[blocks_[i].item], first_item + blocks_[i].item);
      if (out[blocks_[i].item].fault) jobs_[blocks_[i].item].games = 0;
    }
    if (helpers.cancelled != nullptr && helpers.cancelled(helpers.context)) return false;
  }
  finish_until(count);
  unfinished_ = false;
  return true;
}

void Simulator::play_block(void* argument, uint32_t index, uint32_t worker) {
  Wave& wave = *static_cast<Wave*>(argument);
  Simulator& self = *wave.simulator;
  // Relaxed: `parallel` orders everything before its return; here it only saves work.
  const std::atomic_ref cancelled(wave.cancelled);
  if (cancelled.load(std::memory_order_relaxed) != 0) return;
  if (wave.helpers->cancelled != nullptr && wave.helpers->cancelled(wave.helpers->context)) {
    cancelled.store(1, std::memory_order_relaxed);
    return;
  }
  Block& block = self.blocks_[index];
  Arena& arena = *self.arenas_[worker];
  const Match& match = block.job->match;
  arena.cancelled = wave.helpers->cancelled;
  arena.cancel_context = wave.helpers->context;
  arena.stopped = false;
  block.counts = Counts{};
  block.decisive_turn = block.closest_margin = 0;
  const uint64_t start = now_ns();
  for (uint32_t i = 0; i < block.games; ++i) {
    const Result result = play_game(match, block.first_game + i, arena, block.counts);
    block.records[i] = {result.winner, result.winners, result.ending, result.turns, result.state_hash, arena.overfull};
    if (arena.overfull) break;
    block.decisive_turn += result.decisive_turn;
    block.closest_margin += result.closest_margin;
  }
  block.duration_ns = now_ns() - start;
  if (arena.stopped) cancelled.store(1, std::memory_order_relaxed);
  arena.stopped = false;
  arena.cancelled = nullptr;
}

void Simulator::fold(const Block& block, Stats& stats, size_t index) {
  for (uint32_t i = 0; i < block.games; ++i) {
    const Record& record = block.records[i];
    if (record.overfull) {
      stats.fault = too_many_moves("requests[" + std::to_string(index) + "]", block.first_game + i, record.turns);
      return;
    }
    // In team games each member of the winning team has won.
    for (uint32_t seat = 0; seat < kPlayersMax; ++seat) stats.wins[seat] += record.winners >> seat & 1;
    stats.first_seat_wins += record.winners & 1;
    if (record.winner < 0) {
      stats.draws += 1;
      stats.stuck += record.ending == Ending::stuck;
      stats.out_of_turns += record.ending == Ending::out_of_turns;
    } else if (stats.team_count > 0) {
      stats.team_wins[block.job->rules->side_of[record.winner]] += 1;
    }
    turns_sum_ += record.turns;
    games_by_turns_[record.turns] += 1;
    // Canonical result: winner i8, ending u8, 2 zero bytes, turns u32, hash of the final state u64; little endian.
    uint8_t bytes[16] = {static_cast<uint8_t>(record.winner), static_cast<uint8_t>(record.ending)};
    for (int byte = 0; byte < 4; ++byte) bytes[4 + byte] = static_cast<uint8_t>(record.turns >> (8 * byte));
    for (int byte = 0; byte < 8; ++byte) bytes[8 + byte] = static_cast<uint8_t>(record.state_hash >> (8 * byte));
    results_.update(bytes, sizeof bytes);
  }
  stats.total_games += block.games;
  stats.counts.add(block.counts);
  decisive_sum_ += block.decisive_turn;
  margin_sum_ += block.closest_margin;
  stats.duration_ns += block.duration_ns;
}

void Simulator::finish(const Job& job, Stats& stats) {
  const uint32_t games = stats.total_games;
  if (stats.fault) {
    if (!job.fault) {
      // Refused while it was played: nothing is told of the games before.
      Stats refused;
      refused.fault = std::move(stats.fault);
      refused.player_count = stats.player_count;
      refused.team_count = stats.team_count;
      std::copy_n(stats.codes, kPlayersMax, refused.codes);
      stats = std::move(refused);
      std::fill_n(games_by_turns_.begin(), job.rules->program.turns_max + 1, 0);
    }
    clear_sums();
    return;
  }
  stats.result_hash = results_.digest();
  if (games > 0) {
    stats.avg_turns = static_cast<double>(turns_sum_) / games;
    stats.decisive_turn = decisive_sum_ / games;
    stats.closest_margin = margin_sum_ / games;
    const uint32_t middle = (games - 1) / 2;  // how many games lie below the lower median
    uint32_t passed = 0, turns = 0;
    while (passed + games_by_turns_[turns] <= middle) passed += games_by_turns_[turns++];
    stats.median_turns = turns;
    std::fill_n(games_by_turns_.begin(), job.rules->program.turns_max + 1, 0);
  }
  clear_sums();
}

void Simulator::clear_sums() {
  results_ = hash::Xxh64{};
  decisive_sum_ = margin_sum_ = 0;
  turns_sum_ = 0;
}

}  // namespace busbar::cards
