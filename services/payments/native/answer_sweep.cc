// Many simulations, side by side on the host's workers.
#include <algorithm>
#include <atomic>

#include "answer.h"

namespace busbar::payments {
namespace {

/// Items of one part. Fixed, so that parts do not depend on the number of threads.
constexpr uint32_t kPartItems = 16;

struct Item {
  std::shared_ptr<const Config> config;
  uint64_t seed = 0;
  std::unique_ptr<World> world;
  // Why it did not get to its end.
  Code code = Code::none;
  std::string problem;
};

struct Part {
  const Answer& answer;
  std::vector<Item>& items;
  uint32_t ticks;
  std::atomic<bool> cancelled{false};
};

void run_simulation(Part& part, Item& item) {
  item.world = std::make_unique<World>(with_seed(item.config, item.seed), Options{false, false});
  World& world = *item.world;
  world.transactions_max = part.answer.self.settings.transactions_max;
  const uint32_t end = part.ticks == 0 ? world.config->ticks : std::min(part.ticks, world.config->ticks);
  while (world.tick < end) {
    if (world.full()) {
      throw Refusal(Code::limit_exceeded, {},
                    "it has " + std::to_string(world.transactions.size()) + " payments at tick " + std::to_string(world.tick) +
                        ", the limit is " + std::to_string(world.transactions_max) + " (transactions_max)");
    }
    // Relaxed: `parallel` orders everything before its return; here it only saves work.
    if (part.cancelled.load(std::memory_order_relaxed)) return;
    if (part.answer.cancelled()) part.cancelled.store(true, std::memory_order_relaxed);
    run_tick(world);
  }
}

/// No exception may leave a worker: an item that fails has its reason.
void run_item(void* argument, uint32_t index, uint32_t) {
  Part& part = *static_cast<Part*>(argument);
  Item& item = part.items[index];
  if (item.config == nullptr) return;
  try {
    run_simulation(part, item);
    return;
  } catch (const Refusal& refusal) {
    item.code = refusal.code;
    item.problem = refusal.text;
  } catch (const std::exception& problem) {
    item.code = Code::corrupt_state;
    item.problem = problem.what();
  }
  item.world.reset();
}

flatbuffers::Offset<fb::SweepResult> write_result(flatbuffers::FlatBufferBuilder& builder, const World& world) {
  std::vector<int64_t> costs, balances;
  for (const Agent& agent : world.agents) {
    costs.push_back(agent.total.total());
    balances.push_back(agent.balance);
  }
  const auto metrics = write_metrics(builder, world);
  const auto sum = write_costs(builder, costs_of_all(world));
  const Text hash = builder.CreateString(world.run_hash_text());
  const auto cost_list = builder.CreateVector(costs);
  const auto balance_list = builder.CreateVector(balances);
  return fb::CreateSweepResult(builder, metrics, sum, hash, cost_list, balance_list);
}

/// A config that is refused spoils the items that use it, no others.
struct SweepConfigs {
  std::vector<std::shared_ptr<const Config>> list;
  std::vector<std::pair<Code, std::string>> faults;

  explicit SweepConfigs(const fb::SweepRequest& request) {
    const uint32_t count = request.configs() == nullptr ? 0 : request.configs()->size();
    for (uint32_t i = 0; i < count; ++i) {
      list.emplace_back();
      faults.emplace_back(Code::none, "");
      try {
        list.back() = read_config(request.configs()->Get(i)->string_view());
      } catch (const Refusal& refusal) {
        faults.back() = {refusal.code, "configs[" + std::to_string(i) + "]: " + refusal.text};
      }
    }
  }
};

}  // namespace

void answer_sweep(Answer& answer) {
  const auto* const request = answer.request<fb::SweepRequest>();
  if (request == nullptr) return;
  const uint32_t count = request->seed() == nullptr ? 0 : request->seed()->size();
  const uint32_t numbers = request->config() == nullptr ? 0 : request->config()->size();
  if (numbers != count) {
    throw Refusal(Code::conflict, "config",
                  "has " + std::to_string(numbers) + " items, seed has " + std::to_string(count));
  }
  answer.require_items(count);
  const SweepConfigs configs(*request);
  auto& builder = answer.builder;
  for (uint32_t first = 0; first < count; first += kPartItems) {
    const uint32_t size = std::min(kPartItems, count - first);
    std::vector<Item> items(size);
    for (uint32_t i = 0; i < size; ++i) {
      const uint32_t number = request->config()->Get(first + i);
      if (number < configs.list.size()) items[i].config = configs.list[number];
      items[i].seed = request->seed()->Get(first + i);
    }
    Part part{answer, items, request->ticks()};
    answer.self.host.parallel(answer.self.host.context, size, &run_item, &part);
    if (part.cancelled || answer.cancelled()) return answer.fail(errors::core_cancelled, "the sweep was cancelled");

    for (const Item& item : items) {
      if (item.world != nullptr) answer.self.meter.swept(*item.world);
    }
    answer.self.meter.show(answer.self.simulations);
    answer.clear();
    std::vector<flatbuffers::Offset<fb::SweepResult>> results;
    for (uint32_t i = 0; i < size; ++i) {
      if (items[i].world != nullptr) {
        results.push_back(write_result(builder, *items[i].world));
        continue;
      }
      const uint32_t number = request->config()->Get(first + i);
      const bool known = number < configs.list.size();
      const std::string path = "config[" + std::to_string(first + i) + "]";
      const bool ran = items[i].code != Code::none;
      const auto where = builder.CreateString(path);
      const auto why = builder.CreateString(ran     ? path + ": " + items[i].problem
                                            : known ? configs.faults[number].second
                                                    : path + ": there is no config " + std::to_string(number));
      const auto code = ran ? items[i].code : known ? configs.faults[number].first : Code::not_found;
      const auto error = fb::CreateItemError(builder, first + i, static_cast<uint16_t>(code), where, why);
      fb::SweepResultBuilder out(builder);
      out.add_error(error);
      results.push_back(out.Finish());
    }
    const auto list = builder.CreateVector(results);
    if (!answer.send(fb::CreateSweepProgress(builder, first, list, first + size, count))) return;
  }
  answer.end();
}

}  // namespace busbar::payments
