// Ownership income: sums of whole numbers, so that neither the order nor the number of threads can show.
#include <algorithm>
#include <cstring>
#include <unordered_map>

#include "systems.h"

namespace busbar::ecs {
namespace {

constexpr const char* kSystem = "ownership_income";
using Sum = __int128;

/// What each owner gets, owners in the order of their first row. An owner is an entity, or the code of a name.
struct Sums {
  std::vector<std::pair<uint64_t, Sum>> of;
  std::unordered_map<uint64_t, size_t> places;  // only looked up, never walked

  void add(uint64_t owner, int64_t amount) {
    const auto [place, fresh] = places.try_emplace(owner, of.size());
    if (fresh) of.emplace_back(owner, 0);
    of[place->second].second += amount;
  }
};

struct Payee {
  EntityId id;
  Location at;
  Sum amount;
};

Fault integer_field(const Store& store, std::string_view path, FieldId& id) {
  if (Fault fault = system_field(store, kSystem, path, id)) return fault;
  if (store.field(id).field.type == FieldType::i64) return {};
  return {Code::type_mismatch, std::string("system ownership_income needs ") + std::string(path) +
                                   " as i64, it is " + std::string(name_of(store.field(id).field.type))};
}

/// The entities whose Faction.name is one of the owners.
Fault find_by_name(const Store& store, const Sums& sums, FieldId treasury, std::vector<Payee>& payees) {
  FieldId name = 0;
  if (Fault fault = system_field(store, kSystem, "Faction.name", name)) return fault;
  if (store.field(name).field.type != FieldType::utf8) {
    return {Code::type_mismatch, "system ownership_income needs Faction.name as utf8, as Owner.faction is"};
  }
  std::vector<EntityId> found(sums.of.size(), kNullEntity);
  const ComponentId all[] = {store.field(name).component};
  for (const TableId id : store.matching(all)) {
    const Table& table = store.table(id);
    const Column& names = *table.column(name);
    for (uint32_t row = 0; row < table.rows(); row++) {
      if (names.is_null(row)) continue;
      const uint32_t code = names.data<uint32_t>()[row];
      const auto place = sums.places.find(code);
      if (place == sums.places.end()) continue;
      if (found[place->second] != kNullEntity) {
        return {Code::duplicate, "system ownership_income: Faction.name '" +
                                     std::string(store.dictionary().text(code)) + "' is that of two entities, " +
                                     std::to_string(found[place->second]) + " and " + std::to_string(table.ids()[row])};
      }
      found[place->second] = table.ids()[row];
      payees.push_back({table.ids()[row], {id, row}, sums.of[place->second].second});
      if (table.column(treasury) != nullptr) continue;
      return {Code::not_found, "system ownership_income: faction '" + std::string(store.dictionary().text(code)) +
                                   "' has no Treasury"};
    }
  }
  for (size_t i = 0; i < found.size(); i++) {
    if (found[i] != kNullEntity) continue;
    return {Code::not_found, "system ownership_income: no entity has Faction.name '" +
                                 std::string(store.dictionary().text(static_cast<uint32_t>(sums.of[i].first))) + "'"};
  }
  return {};
}

Fault find_by_id(const Store& store, const Sums& sums, FieldId treasury, std::vector<Payee>& payees) {
  for (const auto& [owner, amount] : sums.of) {
    Location at{};
    if (Fault fault = store.locate(owner, at)) {
      return {fault.code, "system ownership_income: Owner.faction: " + fault.text};
    }
    if (store.table(at.table).column(treasury) == nullptr) {
      return {Code::not_found, "system ownership_income: faction " + std::to_string(owner) + " has no Treasury"};
    }
    payees.push_back({owner, at, amount});
  }
  return {};
}

Fault pay(const RunContext& context, FieldId treasury, std::vector<Payee>& payees, RunReport& report) {
  std::sort(payees.begin(), payees.end(), [](const Payee& a, const Payee& b) { return a.id < b.id; });
  // All sums are checked before the first is written.
  for (Payee& payee : payees) {
    const Column& column = *context.store.table(payee.at.table).column(treasury);
    if (column.is_null(payee.at.row)) {
      return {Code::not_found, "system ownership_income: Treasury.amount of faction " + std::to_string(payee.id) +
                                   " is null; write a number first"};
    }
    payee.amount += column.data<int64_t>()[payee.at.row];
    if (payee.amount >= INT64_MIN && payee.amount <= INT64_MAX) continue;
    return {Code::overflow, "system ownership_income: Treasury.amount of faction " + std::to_string(payee.id) +
                                " would be beyond 64 bits; nothing was changed"};
  }
  const FieldId fields[] = {treasury};
  for (const Payee& payee : payees) {
    const auto value = static_cast<int64_t>(payee.amount);
    if (context.store.table(payee.at.table).column(treasury)->data<int64_t>()[payee.at.row] == value) continue;
    Column* const column = context.store.write_column(payee.at.table, treasury);
    column->mutable_data<int64_t>()[payee.at.row] = value;
    context.changes.updated(payee.id, fields, {});
    report.rows_changed++;
  }
  return {};
}

}  // namespace

Fault run_income(const RunContext& context, RunReport& report) {
  const Store& store = context.store;
  FieldId amount = 0, faction = 0, treasury = 0;
  if (Fault fault = integer_field(store, "Income.amount", amount)) return fault;
  if (Fault fault = system_field(store, kSystem, "Owner.faction", faction)) return fault;
  if (Fault fault = integer_field(store, "Treasury.amount", treasury)) return fault;
  const FieldType owner_type = store.field(faction).field.type;
  if (owner_type != FieldType::entity && owner_type != FieldType::utf8) {
    return {Code::type_mismatch, "system ownership_income needs Owner.faction as entity or utf8, it is " +
                                     std::string(name_of(owner_type))};
  }
  Sums sums;
  uint64_t rows = 0;
  const ComponentId all[] = {store.field(amount).component, store.field(faction).component};
  for (const TableId id : store.matching(all)) {
    const Table& table = store.table(id);
    const Column &amounts = *table.column(amount), &owners = *table.column(faction);
    for (uint32_t row = 0; row < table.rows(); row++) {
      if (amounts.is_null(row) || owners.is_null(row)) continue;
      const uint64_t owner =
          owner_type == FieldType::entity ? owners.data<uint64_t>()[row] : owners.data<uint32_t>()[row];
      // No entity, no name: nobody's.
      if (owner != 0) sums.add(owner, amounts.data<int64_t>()[row]);
    }
    rows += table.rows();
  }
  std::vector<Payee> payees;
  if (Fault fault = owner_type == FieldType::entity ? find_by_id(store, sums, treasury, payees)
                                                    : find_by_name(store, sums, treasury, payees)) {
    return fault;
  }
  if (Fault fault = pay(context, treasury, payees, report)) return fault;
  report.rows_visited = rows;
  return {};
}

}  // namespace busbar::ecs
