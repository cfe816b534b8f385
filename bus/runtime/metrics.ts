/** A moment of a running bus as Prometheus text. Everything is read for the scrape that asks; between scrapes nothing runs. */
import { Counter, Gauge, Registry } from "prom-client";
import type { EdgeAccount, LaneAccount } from "#core";
import { FIELDS, type TelemetryField } from "#telemetry";
import type { Observation } from "./observe.ts";
import type { TelemetryRow, TelemetryRows } from "./telemetry-rows.ts";

export interface Moment extends TelemetryRows {
  readonly seen: Observation;
}

type Labels = Readonly<Record<string, string>>;
type Sample = readonly [labels: Labels, value: number];

interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge";
  readonly labels: readonly string[];
  samples(moment: Moment): Iterable<Sample>;
}

export const CONTENT_TYPE: string = Registry.PROMETHEUS_CONTENT_TYPE;

/** Prometheus text format 0.0.4. A registry of its own, so that scrapes at the same time do not meet. */
export async function metricsText(moment: Moment): Promise<string> {
  const registry = new Registry();
  for (const metric of METRICS) register(registry, metric, moment);
  return await registry.metrics();
}

function register(registry: Registry, { name, help, type, labels, samples }: Metric, moment: Moment): void {
  const about = { name, help, labelNames: [...labels], registers: [registry] };
  if (type === "gauge") {
    new Gauge({
      ...about,
      collect() {
        for (const [label, value] of samples(moment)) this.set({ ...label }, value);
      },
    });
  } else {
    new Counter({
      ...about,
      collect() {
        // The bus counts; prom-client shows what it has counted.
        for (const [label, value] of samples(moment)) if (value >= 0) this.inc({ ...label }, value);
      },
    });
  }
}

const EDGE = ["source", "target", "transport"] as const;
const LANE = [...EDGE, "lane"] as const;

const edges = ({ seen }: Moment): readonly EdgeAccount[] => seen.processes.flatMap(({ accounts }) => accounts.edges);
const edgeLabels = ({ source, target, transport }: EdgeAccount): Labels => ({ source, target, transport });

function* lanes(moment: Moment): Iterable<readonly [Labels, LaneAccount]> {
  for (const edge of edges(moment)) {
    yield [{ ...edgeLabels(edge), lane: "data" }, edge.data];
    yield [{ ...edgeLabels(edge), lane: "control" }, edge.control];
  }
}

const perLane = (name: string, type: Metric["type"], help: string, value: (lane: LaneAccount) => number): Metric => ({
  name,
  help,
  type,
  labels: LANE,
  *samples(moment) {
    for (const [labels, lane] of lanes(moment)) yield [labels, value(lane)];
  },
});

const perEdge = (name: string, type: Metric["type"], help: string, value: (edge: EdgeAccount) => number): Metric => ({
  name,
  help,
  type,
  labels: EDGE,
  *samples(moment) {
    for (const edge of edges(moment)) yield [edgeLabels(edge), value(edge)];
  },
});

const perProcess = (
  name: string,
  type: Metric["type"],
  help: string,
  value: (process: Observation["processes"][number]) => number,
): Metric => ({
  name,
  help,
  type,
  labels: ["process"],
  *samples({ seen }) {
    for (const process of seen.processes) yield [{ process: process.process }, value(process)];
  },
});

/** One sample for each thing a state can be, 1 for what it is. */
const states = (labels: Labels, is: string, all: readonly string[]): Sample[] =>
  all.map((state) => [{ ...labels, state }, state === is ? 1 : 0]);

const LINK_STATES = ["opening", "open", "draining", "closed"];
const SERVICE_STATES = ["waiting", "starting", "ready", "backoff", "stopping", "stopped", "down"];
const WRITER_STATES = ["alive", "ended", "dead"];

const ACCOUNTS: readonly Metric[] = [
  perLane(
    "busbar_edge_published_messages_total",
    "counter",
    "Messages published on an edge.",
    (lane) => lane.published,
  ),
  perLane(
    "busbar_edge_delivered_messages_total",
    "counter",
    "Messages delivered to the target.",
    (lane) => lane.delivered,
  ),
  {
    name: "busbar_edge_dropped_messages_total",
    help: "Messages dropped, by reason. Published = delivered + dropped + in flight.",
    type: "counter",
    labels: [...LANE, "reason"],
    *samples(moment) {
      for (const [labels, { dropped }] of lanes(moment))
        for (const [reason, count] of Object.entries(dropped)) yield [{ ...labels, reason }, count];
    },
  },
  perLane(
    "busbar_edge_in_flight_messages",
    "gauge",
    "Messages published, not delivered and not dropped.",
    (lane) => lane.inFlight,
  ),
  perEdge(
    "busbar_edge_refused_offers_total",
    "counter",
    "Offers answered with full and not taken.",
    (edge) => edge.refused,
  ),
  perEdge("busbar_edge_waiting_messages", "gauge", "Messages that wait on the sender's side.", (edge) => edge.waiting),
  perEdge("busbar_edge_waiting_bytes", "gauge", "Bytes that wait on the sender's side.", (edge) => edge.waitingBytes),
  {
    name: "busbar_link_state",
    help: "State of the link of an edge: 1 for the present one.",
    type: "gauge",
    labels: [...EDGE, "state"],
    *samples(moment) {
      for (const edge of edges(moment)) yield* states(edgeLabels(edge), edge.state, LINK_STATES);
    },
  },
  {
    name: "busbar_unheard_messages_total",
    help: "Messages published while nobody subscribed, by type.",
    type: "counter",
    labels: ["process", "type"],
    *samples({ seen }) {
      for (const { process, accounts } of seen.processes)
        for (const [type, count] of Object.entries(accounts.unheard)) yield [{ process, type }, count];
    },
  },
];

const PROCESSES: readonly Metric[] = [
  {
    name: "busbar_service_state",
    help: "State of a supervised service: 1 for the present one.",
    type: "gauge",
    labels: ["service", "process", "state"],
    *samples({ seen }) {
      for (const { service, process, state } of seen.ups.flatMap((up) => up.services))
        yield* states(
          { service, process },
          state,
          SERVICE_STATES.includes(state) ? SERVICE_STATES : [...SERVICE_STATES, state],
        );
    },
  },
  {
    name: "busbar_service_restarts_total",
    help: "Times a service was started again.",
    type: "counter",
    labels: ["service", "process"],
    *samples({ seen }) {
      for (const { service, process, restarts } of seen.ups.flatMap((up) => up.services))
        yield [{ service, process }, restarts];
    },
  },
  {
    name: "busbar_process_answers",
    help: "1: the process answers; 0: it is alive and does not: it is stopped, or its event loop is busy.",
    type: "gauge",
    labels: ["process"],
    *samples({ seen }) {
      for (const { process } of seen.processes) yield [{ process }, 1];
      for (const { process } of seen.silent) yield [{ process }, 0];
    },
  },
  perProcess("busbar_process_resident_memory_bytes", "gauge", "Resident memory.", (process) => process.rssBytes),
  perProcess(
    "busbar_process_cpu_seconds_total",
    "counter",
    "Processor time, user and system.",
    (process) => process.cpuMs / 1000,
  ),
  perProcess(
    "busbar_process_uptime_seconds",
    "gauge",
    "Time since it began to host.",
    (process) => process.uptimeMs / 1000,
  ),
];

const telemetryGauge = (
  name: string,
  help: string,
  samples: (row: TelemetryRow) => Iterable<Sample>,
  ...more: string[]
): Metric => ({
  name,
  help,
  type: "gauge",
  labels: ["service", "process", ...more],
  *samples({ telemetry }) {
    for (const row of telemetry) yield* samples(row);
  },
});
const rowLabels = ({ service, process }: TelemetryRow): Labels => ({ service, process });

const SNAKE = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** Seconds and bytes, whatever the record counts in. */
function unitOf(field: TelemetryField): { readonly name: string; readonly factor: number } {
  const name = SNAKE(field);
  if (name.endsWith("_us")) return { name: `${name.slice(0, -3)}_seconds`, factor: 1e-6 };
  if (name.endsWith("_mb")) return { name: `${name.slice(0, -3)}_bytes`, factor: 1e6 };
  return { name: name.replace(/^total_(?=combats|damage)/, ""), factor: 1 };
}

const FIELDS_OF_RECORD: readonly Metric[] = (Object.keys(FIELDS) as TelemetryField[]).map((field): Metric => {
  const { name, factor } = unitOf(field);
  const { kind } = FIELDS[field];
  return {
    name: `busbar_telemetry_${name}${kind === "counter" ? "_total" : ""}`,
    help: `${field} of the telemetry record.`,
    type: kind,
    labels: ["service", "process"],
    *samples({ telemetry }) {
      for (const row of telemetry)
        if (row.values !== undefined) yield [rowLabels(row), Number(row.values[field]) * factor];
    },
  };
});

/** Services that may have a record which nobody could be asked for. */
function* unasked({ telemetry, telemetrySilent }: Moment): Iterable<Labels> {
  const known = new Set(telemetry.map(({ service }) => service));
  for (const { process, services } of telemetrySilent)
    for (const service of services) if (!known.has(service)) yield { service, process };
}

const TELEMETRY: readonly Metric[] = [
  {
    name: "busbar_telemetry_up",
    help: "1: the process with the service's record answers; 0: it does not. Values are then the last known, or not here at all.",
    type: "gauge",
    labels: ["service", "process"],
    *samples(moment) {
      for (const row of moment.telemetry) yield [rowLabels(row), row.answers ? 1 : 0];
      for (const labels of unasked(moment)) yield [labels, 0];
    },
  },
  telemetryGauge("busbar_telemetry_stale", "1: the values are the last good ones, not those of now.", (row) => [
    [rowLabels(row), row.stale ? 1 : 0],
  ]),
  telemetryGauge(
    "busbar_telemetry_writer_state",
    "State of the process that writes the record: 1 for the present one.",
    (row) => states(rowLabels(row), row.writer, WRITER_STATES),
    "state",
  ),
  {
    name: "busbar_telemetry_fault",
    help: "1: the process answered wrongly when it was asked for its records, which are therefore not here.",
    type: "gauge",
    labels: ["process", "code"],
    *samples({ telemetryFaults }) {
      for (const { process, code } of telemetryFaults) yield [{ process, code }, 1];
    },
  },
  ...FIELDS_OF_RECORD,
];

export const METRICS: readonly Metric[] = [...ACCOUNTS, ...PROCESSES, ...TELEMETRY];
