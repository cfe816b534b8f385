/** What no single key can say: references, ranges that depend on each other, events that would never happen. */
import { suggestion } from "#bus";
import { ticksOf } from "./model.ts";
import { type Locate, type PathSegment, type Problem, problemAt } from "./problem.ts";
import { TICKS_MAX } from "./scalars.ts";
import type { Agent, ArrivalBand, ArrivalConfig, Config, ScenarioEvent } from "./types.ts";

type Path = readonly PathSegment[];
type Report = (path: Path, problem: string, key?: boolean) => void;

export function crossChecks(config: Config, locate: Locate): Problem[] {
  const problems: Problem[] = [];
  const report: Report = (path, problem, key = false) => problems.push(problemAt(locate, path, problem, key));
  const ticks = ticksOf(config);
  if (ticks > TICKS_MAX)
    report(["simulation"], `has ${ticks} ticks (ticks_per_day times num_days); a run has at most ${TICKS_MAX}`);
  const ids = new Map<string, number>();
  for (const [index, { id }] of config.agents.entries()) {
    const first = ids.get(id);
    if (first === undefined) ids.set(id, index);
    else report(["agents", index, "id"], `'${id}' is also the id of agents[${first}]; ids are unique`);
  }
  const known: ReadonlySet<string> = new Set(ids.keys());
  const bank = (id: string, path: Path, key = false): boolean => {
    if (known.has(id)) return true;
    report(path, `there is no bank '${id}'${suggestion(id, known)}`, key);
    return false;
  };
  for (const [index, agent] of config.agents.entries()) {
    const path = ["agents", index];
    money(agent, path, report);
    arrivals(agent, path, report, bank, known);
    for (const id of Object.keys(agent.limits.bilateral_limits)) {
      const at = [...path, "limits", "bilateral_limits", id];
      if (bank(id, at, true) && id === agent.id) report(at, "a bank has no limit towards itself", true);
    }
  }
  for (const [index, event] of config.scenario_events.entries())
    scenario(event, ["scenario_events", index], ticks, report, bank);
  return problems;
}

function money(agent: Agent, path: Path, report: Report): void {
  const capacity = agent.max_collateral_capacity ?? 10n * agent.unsecured_cap;
  if (agent.posted_collateral > capacity)
    report(
      [...path, "posted_collateral"],
      `is ${agent.posted_collateral}, above the capacity ${capacity}${
        agent.max_collateral_capacity === undefined ? " (10 x unsecured_cap; set max_collateral_capacity)" : ""
      }`,
    );
  const value = (agent.posted_collateral * (1_000_000n - agent.collateral_haircut)) / 1_000_000n;
  const credit = agent.unsecured_cap + value;
  if (agent.opening_balance < -credit)
    report(
      [...path, "opening_balance"],
      `is ${agent.opening_balance}, below the credit of ${credit} (${agent.unsecured_cap} unsecured and ${value} for collateral)`,
    );
  if (agent.liquidity_allocation_fraction !== undefined && agent.liquidity_pool === 0n)
    report([...path, "liquidity_allocation_fraction"], "is given, and there is no liquidity_pool to allocate from");
}

type BankCheck = (id: string, path: Path, key?: boolean) => boolean;

function arrivals(agent: Agent, path: Path, report: Report, bank: BankCheck, known: ReadonlySet<string>): void {
  const { arrival_config: single, arrival_bands: bands } = agent;
  if (single !== undefined && bands !== undefined)
    report([...path, "arrival_bands"], "is given beside arrival_config; write one of them", true);
  const check = (config: ArrivalConfig | ArrivalBand, at: Path): void => {
    const { amount_distribution: amounts, counterparty_weights: weights } = config;
    if (amounts.type === "Uniform" && amounts.max <= amounts.min)
      report([...at, "amount_distribution", "max"], `is ${amounts.max}; write more than min, ${amounts.min}`);
    for (const id of Object.keys(weights)) {
      const place = [...at, "counterparty_weights", id];
      if (bank(id, place, true) && id === agent.id) report(place, "a bank does not pay itself", true);
    }
    const others = [...known].filter((id) => id !== agent.id);
    if (others.length === 0) report(at, "there is no other bank to pay", true);
    else if (others.every((id) => weights[id] === 0))
      report([...at, "counterparty_weights"], "are all 0; a payment needs somebody to go to");
    deadlines(config, at, report);
  };
  if (single !== undefined) {
    const at = [...path, "arrival_config"];
    check(single, at);
    priorities(single, at, report);
  }
  if (bands === undefined) return;
  const at = [...path, "arrival_bands"];
  const given = (["urgent", "normal", "low"] as const).filter((name) => bands[name] !== undefined);
  if (given.length === 0) report(at, "has no band; write urgent, normal or low");
  for (const name of given) check(bands[name]!, [...at, name]);
}

function deadlines(config: ArrivalConfig | ArrivalBand, at: Path, report: Report): void {
  const { deadline_range: range } = config;
  if ("deadline_offset_min" in config || "deadline_offset_max" in config) {
    const { deadline_offset_min: min, deadline_offset_max: max } = config;
    if (range !== undefined)
      report([...at, "deadline_range"], "is given beside deadline_offset_*; write one of them", true);
    if (min === undefined) report([...at, "deadline_offset_min"], "is missing");
    else if (max === undefined) report([...at, "deadline_offset_max"], "is missing");
    else if (max < min) report([...at, "deadline_offset_max"], `is ${max}; write at least deadline_offset_min, ${min}`);
  } else if (range === undefined) report([...at, "deadline_range"], "is missing");
  if (range !== undefined && range[1] < range[0])
    report([...at, "deadline_range", 1], `is ${range[1]}; write at least the first, ${range[0]}`);
}

function priorities(config: ArrivalConfig, at: Path, report: Report): void {
  const { priority_distribution: distribution } = config;
  if (distribution === undefined) return;
  const path = [...at, "priority_distribution"];
  if (config.priority !== undefined) report(path, "is given beside priority; write one of them", true);
  if (distribution.type === "Uniform" && distribution.max < distribution.min)
    report([...path, "max"], `is ${distribution.max}; write at least min, ${distribution.min}`);
  if (distribution.type !== "Categorical") return;
  const { values, weights } = distribution;
  if (values.length !== weights.length)
    report([...path, "weights"], `has ${weights.length} entries, values has ${values.length}; write a weight for each`);
  else if (!weights.some((weight) => weight > 0)) report([...path, "weights"], "are all 0; one must be above 0");
}

function scenario(event: ScenarioEvent, path: Path, ticks: number, report: Report, bank: BankCheck): void {
  const [key, first] =
    event.schedule.type === "OneTime" ? ["tick", event.schedule.tick] : ["start_tick", event.schedule.start_tick];
  if ((first as number) >= ticks)
    report([...path, "schedule", key as string], `is ${first}; the run ends before, its last tick is ${ticks - 1}`);
  if ("from_agent" in event) {
    const both = bank(event.from_agent, [...path, "from_agent"]) && bank(event.to_agent, [...path, "to_agent"]);
    if (both && event.from_agent === event.to_agent) report([...path, "to_agent"], "is from_agent; write another bank");
  }
  if ("agent" in event) bank(event.agent, [...path, "agent"]);
  if (event.type === "CounterpartyWeightChange") {
    if (bank(event.counterparty, [...path, "counterparty"]) && event.counterparty === event.agent)
      report([...path, "counterparty"], "is agent itself; write another bank");
  }
  if (
    event.type === "DeadlineWindowChange" &&
    event.min_ticks_multiplier === undefined &&
    event.max_ticks_multiplier === undefined
  )
    report(path, "changes nothing; write min_ticks_multiplier, max_ticks_multiplier or both");
}
