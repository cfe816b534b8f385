import { join } from "node:path";
import { writeKeys } from "#transport/socket";
import { perSecond, runMeasure } from "../measure.ts";
import { KEYS_FOLDER } from "../pair/busbar-hub.ts";
import type { Entrant } from "../pairs.ts";
import type { Suite } from "../suite.ts";
import { netOf, ours, runSocketSuite, zeromqOf } from "./socket.ts";

const curve: Entrant = {
  ...ours("tcp", "curve"),
  prepare: (folder) => void writeKeys(join(folder, KEYS_FOLDER), ["pa", "pb"]),
};

export const tcp: Suite = {
  name: "tcp",
  about: "between two processes over TCP on loopback, also encrypted: one-way rates, round trips",
  async run(bench) {
    await runSocketSuite(bench, "tcp", "tcp", [zeromqOf("tcp", false), netOf("tcp", true)]);
    const plain = ours("tcp");
    const note = "ours with CURVE, as oneway64";
    await runMeasure(bench, {
      title: "curve",
      workload: "tick64",
      calibrate: perSecond,
      entrants: [curve, plain],
      comparisons: [
        {
          facts: { suite: "tcp", measure: "curve", unit: "1/s", transport: "tcp", size: 64, note },
          ours: curve.label,
          peers: [{ label: plain.label, name: "plain tcp", note: "ours without CURVE" }],
        },
      ],
    });
  },
};
