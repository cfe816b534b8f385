import { type Measure, perMessage, runMeasure } from "../measure.ts";
import type { Entrant } from "../pairs.ts";
import type { Suite } from "../suite.ts";

const PEERS = {
  flatbuffers: "stock runtime, one Builder or reader reused",
  msgpackr: "records, field names shared beforehand, id as a double",
  json: "text in a Buffer, id as a double",
} as const;
type Peer = keyof typeof PEERS;

interface CodecMeasure {
  readonly measure: string;
  readonly peers: readonly Peer[];
  readonly size?: number;
  readonly note: string;
}

const ALL: readonly Peer[] = ["flatbuffers", "msgpackr", "json"];
const MEASURES: readonly CodecMeasure[] = [
  { measure: "encode11", peers: ALL, note: "eleven fields, four of them strings, into memory that is there" },
  { measure: "decode11", peers: ALL, note: "all eleven fields as an object" },
  { measure: "view1", peers: ["flatbuffers"], note: "one scalar in place, message by message" },
  { measure: "verify480", peers: [], size: 480, note: "10 tables, the layout that our encoder makes" },
  { measure: "verify480_foreign", peers: [], size: 480, note: "10 tables, the stock Builder's layout" },
];

const entrant = (codec: string, measure: string, note?: string): Entrant => ({
  label: codec,
  contestant: "codec",
  transport: "local",
  variant: `${codec}/${measure}`,
  processes: 1,
  ...(note === undefined ? {} : { note }),
});

const measureOf = ({ measure, peers, size, note }: CodecMeasure): Measure => ({
  title: measure,
  workload: "tick64",
  calibrate: perMessage,
  entrants: [entrant("busbar", measure), ...peers.map((peer) => entrant(peer, measure, PEERS[peer]))],
  comparisons: [
    {
      facts: { suite: "codec", measure, unit: "ns", note, ...(size === undefined ? {} : { size }) },
      ours: "busbar",
      peers: peers.map((peer) => ({ label: peer, name: peer })),
    },
  ],
});

export const codec: Suite = {
  name: "codec",
  about: "generated codecs: writing, reading, looking at one field, verifying; a process per case",
  async run(bench) {
    for (const measure of MEASURES) await runMeasure(bench, measureOf(measure));
  },
};
