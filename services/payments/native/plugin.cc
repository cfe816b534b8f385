// The payments service as a plugin: which method is answered by what, config, snapshots of the whole instance.
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <exception>
#include <new>

#include "answer.h"
#include "busbar_types.h"
#include "payments/place.h"

namespace busbar::payments {
namespace {

namespace methods = rpc::payments::Payments;

static_assert(static_cast<uint16_t>(Code::cancelled) == errors::core_cancelled);
static_assert(static_cast<uint16_t>(Code::malformed) == errors::payments_malformed);
static_assert(static_cast<uint16_t>(Code::unsupported_version) == errors::payments_unsupported_version);
static_assert(static_cast<uint16_t>(Code::unknown_key) == errors::payments_unknown_key);
static_assert(static_cast<uint16_t>(Code::missing_key) == errors::payments_missing_key);
static_assert(static_cast<uint16_t>(Code::unknown_name) == errors::payments_unknown_name);
static_assert(static_cast<uint16_t>(Code::type_mismatch) == errors::payments_type_mismatch);
static_assert(static_cast<uint16_t>(Code::out_of_range) == errors::payments_out_of_range);
static_assert(static_cast<uint16_t>(Code::not_found) == errors::payments_not_found);
static_assert(static_cast<uint16_t>(Code::duplicate) == errors::payments_duplicate);
static_assert(static_cast<uint16_t>(Code::conflict) == errors::payments_conflict);
static_assert(static_cast<uint16_t>(Code::limit_exceeded) == errors::payments_limit_exceeded);
static_assert(static_cast<uint16_t>(Code::corrupt_state) == errors::payments_corrupt_state);
static_assert(static_cast<uint16_t>(Code::bad_policy) == errors::payments_bad_policy);
static_assert(static_cast<uint8_t>(EventKind::count) == static_cast<uint8_t>(fb::EventKind::MAX) + 1);
static_assert(static_cast<uint8_t>(Status::scheduled) == static_cast<uint8_t>(fb::TransactionStatus::Scheduled));

struct Method {
  const char* name;
  const rpc::Method& rpc;
  void (*answer)(Answer& answer);
  /// Whether telemetry has something new to show behind it.
  bool shows = false;
};

const Method kMethods[] = {
    {"payments.Payments/Version", methods::Version, &answer_version},
    {"payments.Payments/New", methods::New, &answer_new, true},
    {"payments.Payments/List", methods::List, &answer_list},
    {"payments.Payments/Delete", methods::Delete, &answer_delete, true},
    {"payments.Payments/Tick", methods::Tick, &answer_tick, true},
    {"payments.Payments/RunToEnd", methods::RunToEnd, &answer_run_to_end, true},
    {"payments.Payments/CurrentTick", methods::CurrentTick, &answer_current_tick},
    {"payments.Payments/CurrentDay", methods::CurrentDay, &answer_current_day},
    {"payments.Payments/GetAgentIds", methods::GetAgentIds, &answer_agent_ids},
    {"payments.Payments/GetAgentBalance", methods::GetAgentBalance, &answer_balances},
    {"payments.Payments/GetQueue1Size", methods::GetQueue1Size, &answer_queue1_sizes},
    {"payments.Payments/GetQueue2Size", methods::GetQueue2Size, &answer_queue2_sizes},
    {"payments.Payments/SubmitTransaction", methods::SubmitTransaction, &answer_submit, true},
    {"payments.Payments/Withdraw", methods::Withdraw, &answer_withdraw},
    {"payments.Payments/Resubmit", methods::Resubmit, &answer_resubmit},
    {"payments.Payments/UpdatePolicy", methods::UpdatePolicy, &answer_update_policy},
    {"payments.Payments/GetState", methods::GetState, &answer_state},
    {"payments.Payments/GetTransactions", methods::GetTransactions, &answer_transactions},
    {"payments.Payments/NearDeadline", methods::NearDeadline, &answer_near_deadline},
    {"payments.Payments/Overdue", methods::Overdue, &answer_overdue},
    {"payments.Payments/GetLifecycle", methods::GetLifecycle, &answer_lifecycle},
    {"payments.Payments/GetEvents", methods::GetEvents, &answer_events},
    {"payments.Payments/GetCosts", methods::GetCosts, &answer_costs},
    {"payments.Payments/GetMetrics", methods::GetMetrics, &answer_metrics},
    {"payments.Payments/GetTimeline", methods::GetTimeline, &answer_timeline},
    {"payments.Payments/GetAgentTimeline", methods::GetAgentTimeline, &answer_agent_timeline},
    {"payments.Payments/Snapshot", methods::Snapshot, &answer_snapshot},
    {"payments.Payments/Restore", methods::Restore, &answer_restore, true},
    {"payments.Payments/Sweep", methods::Sweep, &answer_sweep},
    {"payments.Payments/PolicySchema", methods::PolicySchema, &answer_policy_schema},
    {"payments.Payments/CostSchema", methods::CostSchema, &answer_cost_schema},
    {"payments.Payments/ValidatePolicy", methods::ValidatePolicy, &answer_validate_policy},
    {"payments.Payments/ValidateConfig", methods::ValidateConfig, &answer_validate_config},
};
constexpr size_t kMethodCount = sizeof kMethods / sizeof kMethods[0];

Settings read_settings(std::string_view text) {
  Settings settings;
  if (text.empty()) return settings;
  const Json json = read_json(text);
  const Place place(json, "");
  place.keys({}, {"follow_clock", "items_max", "simulations_max", "transactions_max"});
  if (place.has("items_max")) settings.items_max = static_cast<uint32_t>(place.at("items_max").integer(1, 65'536));
  if (place.has("simulations_max")) {
    settings.simulations_max = static_cast<uint32_t>(place.at("simulations_max").integer(1, 100'000));
  }
  if (place.has("transactions_max")) {
    settings.transactions_max = static_cast<uint32_t>(place.at("transactions_max").integer(1, kTransactionsMax));
  }
  if (place.has("follow_clock")) settings.follow_clock = place.at("follow_clock").boolean();
  return settings;
}

busbar_status explain(char* error, uint32_t error_max, const char* text) {
  if (error != nullptr && error_max > 0) std::snprintf(error, error_max, "%s", text);
  return BUSBAR_ERROR;
}

busbar_status create(const busbar_host* host, const char* config, uint32_t config_length, void** instance, char* error,
                     uint32_t error_max) {
  try {
    const Settings settings = read_settings({config == nullptr ? "" : config, config == nullptr ? 0 : config_length});
    *instance = new Instance(*host, settings);
    return BUSBAR_OK;
  } catch (const std::exception& exception) {
    return explain(error, error_max, exception.what());
  }
}

busbar_status on_frame(void* instance, const busbar_message* message) {
  Instance& self = *static_cast<Instance*>(instance);
  if (message->request == 0) return BUSBAR_UNSUPPORTED;
  const auto* const method = std::ranges::find(kMethods, message->type_id, [](const Method& one) { return one.rpc.id; });
  if (method == std::end(kMethods)) return BUSBAR_UNSUPPORTED;
  Answer answer(self, *message);
  try {
    method->answer(answer);
  } catch (const Refusal& refusal) {
    answer.fail(static_cast<uint16_t>(refusal.code), refusal.text);
  } catch (const std::exception& exception) {
    answer.fail(errors::plugin_failed, exception.what());
  }
  if (method->shows) self.meter.show(self.simulations);
  return BUSBAR_OK;
}

busbar_status on_tick(void* instance, uint64_t, uint64_t) {
  Instance& self = *static_cast<Instance*>(instance);
  if (!self.settings.follow_clock) return BUSBAR_OK;
  try {
    const std::string problem = self.follow_clock();
    if (problem.empty()) return BUSBAR_OK;
    self.host.log(self.host.context, 50, problem.data(), static_cast<uint32_t>(problem.size()));
  } catch (const std::exception&) {
    // No memory for a sentence; the status says that the turn failed.
  }
  return BUSBAR_ERROR;
}

uint64_t hash_of(void* instance) { return static_cast<Instance*>(instance)->hash(); }

busbar_status snapshot(void* instance, uint8_t* out, uint64_t* length) {
  try {
    const std::string bytes = static_cast<Instance*>(instance)->write_snapshot();
    if (out != nullptr) {
      if (*length < bytes.size()) return BUSBAR_TOO_LARGE;
      std::memcpy(out, bytes.data(), bytes.size());
    }
    *length = bytes.size();
    return BUSBAR_OK;
  } catch (const std::exception&) {
    return BUSBAR_ERROR;
  }
}

busbar_status restore(void* instance, const uint8_t* bytes, uint64_t length, char* error, uint32_t error_max) {
  try {
    static_cast<Instance*>(instance)->read_snapshot({reinterpret_cast<const char*>(bytes), length});
    return BUSBAR_OK;
  } catch (const std::exception& exception) {
    return explain(error, error_max, exception.what());
  }
}

void destroy(void* instance) { delete static_cast<Instance*>(instance); }

busbar_type serves(const Method& method) {
  return {method.name,
          method.rpc.id,
          BUSBAR_SERVES,
          method.rpc.request.fingerprint,
          method.rpc.response.fingerprint,
          method.rpc.response.id,
          method.rpc.streaming ? 1u : 0u};
}

}  // namespace
}  // namespace busbar::payments

extern "C" BUSBAR_PLUGIN_EXPORT const busbar_service* busbar_describe(void) {
  namespace payments = busbar::payments;
  static const auto types = [] {
    std::array<busbar_type, payments::kMethodCount> list{};
    for (size_t i = 0; i < list.size(); ++i) list[i] = payments::serves(payments::kMethods[i]);
    return list;
  }();
  static const busbar_service service = [] {
    busbar_service table{};
    table.size = sizeof(busbar_service);
    table.abi = BUSBAR_SERVICE_ABI;
    table.name = "payments";
    table.version = "0.1.0";
    table.types = types.data();
    table.type_count = static_cast<uint32_t>(types.size());
    table.create = &payments::create;
    table.on_frame = &payments::on_frame;
    table.on_tick = &payments::on_tick;
    table.hash = &payments::hash_of;
    table.snapshot = &payments::snapshot;
    table.restore = &payments::restore;
    table.destroy = &payments::destroy;
    return table;
  }();
  return &service;
}
