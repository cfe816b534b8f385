/**
 * Method: every pair of run kinds, in every placement, mode, capability and wish, against a table written by hand from
 * the resolve rule (not from the code). 25,344 cases; a wrong one prints its whole situation.
 */
import { expect, test } from "vitest";
import { problemsOf } from "./problem.ts";
import { type Overrides, resolveTopology } from "./resolve.ts";
import { schemaNames } from "./schema-names.ts";
import { check, GALAXY_BUS, LOCK } from "./testing/fixtures.ts";
import type { Topology } from "./topology.ts";

const names = schemaNames(LOCK);

/** Keys of a service by the way it runs. */
const KINDS = {
  ts: 'run = "ts:x.ts"',
  "ts on its own thread": 'run = "ts:x.ts"\nthread = "own"',
  "ts isolated": 'run = "ts:x.ts"\nisolate = true',
  native: 'run = "native:x"',
  "native isolated": 'run = "native:x"\nisolate = true',
  python: 'run = "python:x.py"',
  exec: 'run = "exec:x"',
  external: "",
} as const;
type Kind = keyof typeof KINDS;
const kinds = Object.keys(KINDS) as Kind[];
const SHARED: readonly Kind[] = ["ts", "ts on its own thread", "native"];

type Place = "one node" | "two nodes here" | "two hosts";
const places: readonly Place[] = ["one node", "two nodes here", "two hosts"];
const modes = [undefined, "bundled", "monolith"] as const;
type Mode = (typeof modes)[number];

const NODES: Record<Place, string> = {
  "one node": '[[nodes]]\nname = "n"\nservices = ["a", "b"]\n',
  "two nodes here":
    '[[nodes]]\nname = "n"\nservices = ["a"]\n[[nodes]]\nname = "m"\nhost = "127.0.0.1"\nservices = ["b"]\n',
  "two hosts":
    '[[nodes]]\nname = "n"\nservices = ["a"]\n[[nodes]]\nname = "m"\nhost = "10.0.0.2"\nport = 9002\nservices = ["b"]\n',
};

type Nearness = "same thread" | "same process" | "same host" | "other host";

function nearness(a: Kind, b: Kind, place: Place, mode: Mode): Nearness {
  const together = SHARED.includes(a) && SHARED.includes(b) && (place === "one node" || mode === "monolith");
  if (together) return a === "ts" && b === "ts" ? "same thread" : "same process";
  return place === "two hosts" && mode === undefined ? "other host" : "same host";
}

/** `no` is a refusal. Columns: nothing asked, then local, ring, unix, tcp. */
type Row = readonly [string, string, string, string, string];
const ASKED = ["local", "ring", "unix", "tcp"] as const;

/** [[edges]] that names both services, placed as the file says. */
const BY_NAME: Record<Nearness, { rings: Row; none: Row }> = {
  "same thread": {
    rings: ["local", "local", "no", "no", "no"],
    none: ["local", "local", "no", "no", "no"],
  },
  "same process": {
    rings: ["ring", "no", "ring", "no", "no"],
    none: ["ring", "no", "ring", "no", "no"],
  },
  "same host": {
    rings: ["ring", "no", "ring", "unix", "tcp"],
    none: ["unix", "no", "unix", "unix", "tcp"],
  },
  "other host": {
    rings: ["tcp", "no", "no", "no", "tcp"],
    none: ["tcp", "no", "no", "no", "tcp"],
  },
};
/** [[edges]] with a pattern, or any entry once --mode monolith has moved services together. */
const BY_PATTERN: typeof BY_NAME = {
  ...BY_NAME,
  "same thread": {
    rings: ["local", "local", "local", "local", "local"],
    none: ["local", "local", "local", "local", "local"],
  },
  "same process": {
    rings: ["ring", "ring", "ring", "ring", "ring"],
    none: ["ring", "ring", "ring", "ring", "ring"],
  },
};
/** --transport: where it can, else as without it. */
const BY_COMMAND_LINE: typeof BY_NAME = {
  ...BY_PATTERN,
  "same host": {
    rings: ["ring", "ring", "ring", "unix", "tcp"],
    none: ["unix", "unix", "unix", "unix", "tcp"],
  },
  "other host": {
    rings: ["tcp", "tcp", "tcp", "tcp", "tcp"],
    none: ["tcp", "tcp", "tcp", "tcp", "tcp"],
  },
};

const edges = (from: string, to: string, transport: string): string =>
  `[[edges]]\nfrom = "${from}"\nto = "${to}"\ntransport = "${transport}"\n`;

function outcome(topology: Topology, rings: boolean, overrides: Overrides): { transport: string; reason: string } {
  try {
    const capabilities = { ringBetweenProcesses: rings, ringBetweenThreads: true };
    const [there, back] = resolveTopology(topology, names, capabilities, overrides).edges;
    expect(there.carrier).toBe(back.carrier);
    return { transport: there.carrier, reason: there.reason };
  } catch (error) {
    const [problem] = problemsOf(error);
    expect(problem.code).toBe("topology/contradiction");
    return { transport: "no", reason: problem.message };
  }
}

for (const place of places) {
  for (const mode of modes) {
    test(`every pair of kinds on ${place}, mode ${mode ?? "of the file"}: each wish and capability`, () => {
      let cases = 0;
      for (const a of kinds) {
        for (const b of kinds) {
          const near = nearness(a, b, place, mode);
          const text = `${GALAXY_BUS}${NODES[place]}[services.a]\n${KINDS[a]}\n[services.b]\n${KINDS[b]}\n[security.tcp]\nkeys = "k"\n`;
          const run = (topology: Topology, table: typeof BY_NAME, column: number, overrides: Overrides): void => {
            for (const rings of [true, false]) {
              const expected = table[near][rings ? "rings" : "none"][column];
              const got = outcome(topology, rings, { ...overrides, mode });
              cases++;
              const situation = `${a} and ${b}, ${place}, ${near}, rings ${rings}, column ${column}`;
              expect(got.transport, `${situation}: ${got.reason}`).toBe(expected);
              if (expected !== "no") expect(got.reason.startsWith(`${expected}: `), got.reason).toBe(true);
            }
          };
          const plain = check(text);
          run(plain, BY_NAME, 0, {});
          run(plain, BY_NAME, 0, { transport: "auto" });
          for (const [i, asked] of ASKED.entries()) {
            const byName = mode === "monolith" ? BY_PATTERN : BY_NAME;
            run(check(text + edges("a", "b", asked)), byName, i + 1, {});
            run(check(text + edges("b", "a", asked)), byName, i + 1, {});
            run(check(text + edges("*", "b", asked)), BY_PATTERN, i + 1, {});
            run(plain, BY_COMMAND_LINE, i + 1, { transport: asked });
            run(check(text + edges("a", "b", "local")), BY_COMMAND_LINE, i + 1, { transport: asked });
          }
        }
      }
      expect(cases).toBe(kinds.length ** 2 * 2 * (2 + 4 * 5));
    });
  }
}
