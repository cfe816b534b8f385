// Making, listing, ending simulations, and letting time pass.
#include <chrono>
#include <set>

#include "answer.h"

namespace busbar::payments {
namespace {

constexpr uint32_t kTicksPerRequest = 1000;

using Clock = std::chrono::steady_clock;

uint64_t since_ns(Clock::time_point start) {
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - start).count());
}

flatbuffers::Offset<flatbuffers::Vector<flatbuffers::Offset<fb::TickResult>>> write_ticks(Answer& answer,
                                                                                          const World& world,
                                                                                          uint32_t from) {
  std::vector<flatbuffers::Offset<fb::TickResult>> results;
  for (uint32_t tick = from; tick < world.tick; ++tick) {
    results.push_back(write_tick(answer.builder, tick, world.rows[tick]));
  }
  return answer.builder.CreateVector(results);
}

}  // namespace

flatbuffers::Offset<fb::TickResult> write_tick(flatbuffers::FlatBufferBuilder& builder, uint32_t tick,
                                               const TickRow& row) {
  return fb::CreateTickResult(builder, tick, row.arrivals, row.settlements, row.lsm_releases, row.cost, row.hash);
}

flatbuffers::Offset<fb::SimInfo> write_info(Answer& answer, uint32_t id) {
  const std::string problem = answer.self.problem_of(id);
  const Text text = problem.empty() ? Text() : answer.builder.CreateString(problem);
  const auto write = [&](fb::SimStage stage, uint32_t tick, const Config& config, uint64_t hash) {
    return fb::CreateSimInfo(answer.builder, id, tick, config.ticks, static_cast<uint32_t>(config.agents.size()), config.hash,
                             hash, config.ticks_per_day, config.seed, stage, text);
  };
  if (const auto found = answer.self.broken.find(id); found != answer.self.broken.end()) {
    const Broken& one = found->second;
    return write(fb::SimStage::Broken, one.tick, *one.config, one.hash);
  }
  const World& world = answer.world(id);
  const auto stage = world.ended() ? fb::SimStage::Ended : world.full() ? fb::SimStage::Full : fb::SimStage::Running;
  return write(stage, world.tick, *world.config, world.rows.empty() ? 0 : world.rows.back().hash);
}

void answer_version(Answer& answer) {
  const auto* const request = answer.request<fb::VersionRequest>();
  if (request == nullptr) return;
  const bool compatible = request->major() == kApiMajor && request->minor() <= kApiMinor;
  const auto version = [](uint16_t major, uint16_t minor) {
    return std::to_string(major) + "." + std::to_string(minor);
  };
  const std::string text = "the caller has " + version(request->major(), request->minor()) + ", the service " +
                           version(kApiMajor, kApiMinor) +
                           (compatible ? "" : "; majors must be equal, and the caller's minor not above the service's");
  answer.send(fb::CreateVersionReply(answer.builder, kApiMajor, kApiMinor, compatible, answer.text(text)));
}

void answer_new(Answer& answer) {
  const auto* const request = answer.request<fb::NewRequest>();
  if (request == nullptr) return;
  answer.self.require_room();
  std::shared_ptr<const Config> config = read_config(request->config()->string_view());
  if (request->use_seed()) config = with_seed(config, request->seed());
  const uint32_t id =
      answer.self.add(std::make_unique<World>(config, Options{request->keep_events(), request->keep_history()}));
  std::vector<Text> agents;
  for (const AgentConfig& agent : config->agents) agents.push_back(answer.builder.CreateString(agent.id));
  const auto list = answer.builder.CreateVector(agents);
  answer.send(fb::CreateNewReply(answer.builder, id, config->hash, config->ticks, list));
}

void answer_list(Answer& answer) {
  if (answer.request<fb::ListRequest>() == nullptr) return;
  std::set<uint32_t> ids;
  for (const auto& [id, world] : answer.self.simulations) ids.insert(id);
  for (const auto& [id, one] : answer.self.broken) ids.insert(id);
  std::vector<flatbuffers::Offset<fb::SimInfo>> list;
  for (const uint32_t id : ids) list.push_back(write_info(answer, id));
  answer.send(fb::CreateListReply(answer.builder, answer.builder.CreateVector(list)));
}

void answer_delete(Answer& answer) {
  const auto* const request = answer.request<fb::SimRequest>();
  if (request == nullptr) return;
  answer.send(fb::CreateDeleteReply(answer.builder, answer.self.remove(request->sim_id())));
}

void answer_tick(Answer& answer) {
  const auto* const request = answer.request<fb::TickRequest>();
  if (request == nullptr) return;
  World& world = answer.world(request->sim_id());
  answer.self.require_own_ticks();
  if (request->count() < 1 || request->count() > kTicksPerRequest) {
    throw Refusal(Code::out_of_range, "count",
                  "is " + std::to_string(request->count()) + "; it must lie in 1.." + std::to_string(kTicksPerRequest));
  }
  const auto start = Clock::now();
  const uint32_t from = world.tick;
  for (uint32_t i = 0; i == 0 || (i < request->count() && !world.ended() && !world.full()); ++i) {
    if (i > 0 && answer.cancelled()) return answer.fail(errors::core_cancelled, "the ticks were cancelled");
    answer.self.run(request->sim_id());
  }
  const uint64_t duration = since_ns(start);
  const auto results = write_ticks(answer, world, from);
  const Text hash = answer.builder.CreateString(world.run_hash_text());
  answer.send(fb::CreateTickReply(answer.builder, results, duration, hash));
}

void answer_run_to_end(Answer& answer) {
  const auto* const request = answer.request<fb::RunToEndRequest>();
  if (request == nullptr) return;
  World& world = answer.world(request->sim_id());
  answer.self.require_own_ticks();
  const uint32_t step = request->progress_ticks() == 0 ? 100 : request->progress_ticks();
  if (step > kTicksPerRequest) {
    throw Refusal(Code::out_of_range, "progress_ticks",
                  "is " + std::to_string(step) + "; it must lie in 0.." + std::to_string(kTicksPerRequest));
  }
  bool done = false;
  while (!done) {
    const auto start = Clock::now();
    const uint32_t from = world.tick;
    while (!world.ended() && (world.tick == from || (!world.full() && world.tick < from + step))) {
      if (answer.cancelled()) return answer.fail(errors::core_cancelled, "the run was cancelled");
      answer.self.run(request->sim_id());
    }
    done = world.tick == world.config->ticks;
    const uint64_t duration = since_ns(start);
    answer.self.meter.show(answer.self.simulations);
    answer.clear();
    const auto results = write_ticks(answer, world, from);
    const Text hash = answer.builder.CreateString(world.run_hash_text());
    if (!answer.send(
            fb::CreateRunProgress(answer.builder, world.tick, world.config->ticks, results, done, hash, duration))) {
      return;
    }
  }
  answer.end();
}

void answer_current_tick(Answer& answer) {
  const auto* const request = answer.request<fb::SimRequest>();
  if (request == nullptr) return;
  answer.send(fb::CreateNumberReply(answer.builder, answer.world(request->sim_id()).tick));
}

void answer_current_day(Answer& answer) {
  const auto* const request = answer.request<fb::SimRequest>();
  if (request == nullptr) return;
  answer.send(fb::CreateNumberReply(answer.builder, answer.world(request->sim_id()).day()));
}

}  // namespace busbar::payments
