import { type Comparison, type Measure, perMessage, runMeasure } from "../measure.ts";
import type { Entrant } from "../pairs.ts";
import type { MeasureFacts } from "../row.ts";
import type { Suite } from "../suite.ts";
import { PORT } from "./socket.ts";

const FANOUT = 10;

const entrant = (contestant: "busbar-local" | "plain-js", variant: string): Entrant => ({
  label: `${contestant}-${variant}`,
  contestant,
  transport: "local",
  variant,
  processes: 1,
  ...(contestant === "plain-js" ? { note: "EventEmitter" } : {}),
});
const port = (ports: string): Entrant => ({ ...PORT, variant: ports });

const factsOf = (measure: string, note: string): MeasureFacts => ({
  suite: "local",
  measure,
  unit: "ns",
  transport: "local",
  note,
});

/** Variant "1", "10" or "new", against an EventEmitter and, for messages made beforehand, a MessagePort. */
const comparisonOf = (measure: string, variant: string, note: string): { entrants: Entrant[]; row: Comparison } => {
  const [own, plain] = [entrant("busbar-local", variant), entrant("plain-js", variant)];
  const entrants = variant === "new" ? [own, plain] : [own, plain, port(variant)];
  const names: Record<string, string> = { [plain.label]: "plain-js" };
  const peers = entrants.slice(1).map(({ label }) => ({ label, name: names[label] ?? label }));
  return { entrants, row: { facts: factsOf(measure, note), ours: own.label, peers } };
};

const publish = (): Measure => {
  const made = comparisonOf("publish", "1", "tryPublish to one subscriber, messages made beforehand");
  const fresh = comparisonOf("publish_new", "new", "tryPublish to one subscriber, making each message included");
  const awaited = entrant("busbar-local", "await");
  const note = "await publish to one subscriber, messages made beforehand";
  return {
    title: "publish",
    workload: "tick64",
    calibrate: perMessage,
    entrants: [...made.entrants, ...fresh.entrants, awaited],
    comparisons: [made.row, { facts: factsOf("publish_await", note), ours: awaited.label, peers: [] }, fresh.row],
  };
};

const fanout = (): Measure => {
  const measure = `publish_fanout${FANOUT}`;
  const note = `tryPublish to ${FANOUT} subscribing services, per publish, messages made beforehand`;
  const { entrants, row } = comparisonOf(measure, String(FANOUT), note);
  return { title: measure, workload: "tick64", calibrate: perMessage, entrants, comparisons: [row] };
};

export const local: Suite = {
  name: "local",
  about: "inside one process, by reference: a publish to one subscriber and to ten",
  async run(bench) {
    await runMeasure(bench, publish());
    await runMeasure(bench, fanout());
  },
};
