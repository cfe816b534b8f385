import { type Measure, perMessage, runMeasure } from "../measure.ts";
import type { Entrant } from "../pairs.ts";
import type { Suite } from "../suite.ts";
import { PORT } from "./socket.ts";

const FANOUT = 10;

const ours = (variant: string): Entrant => ({
  label: `busbar-${variant}`,
  contestant: "busbar-local",
  transport: "local",
  variant,
  processes: 1,
});

const plainJs = (listeners: number): Entrant => ({
  label: "plain-js",
  contestant: "plain-js",
  transport: "local",
  variant: String(listeners),
  processes: 1,
  note: "EventEmitter",
});

const port = (ports: number): Entrant => ({ ...PORT, variant: String(ports) });

const PEERS = ["plain-js", "message-port"].map((label) => ({ label, name: label }));

const measureOf = (subscribers: number): Measure => {
  const own = ours(String(subscribers));
  const measure = subscribers === 1 ? "publish" : `publish_fanout${subscribers}`;
  const facts = { suite: "local", measure, unit: "ns", transport: "local" } as const;
  const to = subscribers === 1 ? "one subscriber" : `${subscribers} subscribing services, per publish`;
  const comparisons: Measure["comparisons"][number][] = [
    { facts: { ...facts, note: `tryPublish of a new object to ${to}` }, ours: own.label, peers: PEERS },
  ];
  const entrants = [own, plainJs(subscribers), port(subscribers)];
  if (subscribers === 1) {
    const awaited = ours("await");
    entrants.push(awaited);
    const note = "await publish of a new object to one subscriber";
    comparisons.push({ facts: { ...facts, measure: "publish_await", note }, ours: awaited.label, peers: [] });
  }
  return { title: measure, workload: "tick64", calibrate: perMessage, entrants, comparisons };
};

export const local: Suite = {
  name: "local",
  about: "inside one process, by reference: a publish to one subscriber and to ten",
  async run(bench) {
    await runMeasure(bench, measureOf(1));
    await runMeasure(bench, measureOf(FANOUT));
  },
};
