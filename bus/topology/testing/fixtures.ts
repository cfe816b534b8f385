/** What the tests of this room share: a schema without a compiler, and short ways to a plan or to its faults. */
import type { Plan } from "#generated/busbar/plan";
import type { SchemaLock } from "#schema";
import { requestIdOf, typeIdOf } from "#wire";
import { CAPABILITIES, type Capabilities } from "../carrier.ts";
import { checkTopology } from "../check.ts";
import { parseTopology } from "../parse.ts";
import { compilePlan } from "../plan.ts";
import { type Problem, problemsOf } from "../problem.ts";
import type { Overrides } from "../resolve.ts";
import type { Topology } from "../topology.ts";

/** Most tests speak of a computer without rings between processes; those about rings say so. */
const NO_RINGS: Capabilities = {
  ringBetweenProcesses: false,
  ringMissing: "this version has no rings between processes",
  ringBetweenThreads: true,
};

/** @param rpcs full names; each has one method `Do` */
export function lockWith(types: readonly string[], rpcs: readonly string[]): SchemaLock {
  const fingerprint = "0123456789abcdef";
  return {
    version: 1,
    digest: "d",
    types: Object.fromEntries(types.map((name) => [name, { id: typeIdOf(name), fingerprint, lineage: [fingerprint] }])),
    methods: Object.fromEntries(
      rpcs.map((rpc) => [
        `${rpc}/Do`,
        { id: requestIdOf(rpc, "Do"), request: types[0], response: types[0], streaming: false },
      ]),
    ),
    bfbs: "",
  };
}

export const LOCK: SchemaLock = lockWith(
  ["galaxy.TurnStart", "galaxy.TurnEnd", "galaxy.CombatEvent", "market.Trade", "busbar.control.Hello"],
  ["cardsim.Cards", "galaxy.Combat", "galaxy.Ecs", "market.Ecs2"],
);

/** The two lines that every file needs. */
export const GALAXY_BUS: string = '[bus]\nname = "galaxy"\n';

export interface Wanted {
  readonly lock?: SchemaLock;
  readonly capabilities?: Partial<Capabilities>;
  readonly overrides?: Overrides;
  readonly runtimeDir?: string;
}

export const plan = (text: string, { lock = LOCK, capabilities = {}, overrides = {}, runtimeDir }: Wanted = {}): Plan =>
  compilePlan({
    path: "topology.toml",
    text,
    realPath: "/home/user/game/topology.toml",
    lock,
    capabilities: { ...CAPABILITIES, ...NO_RINGS, ...capabilities },
    overrides,
    runtimeDir: runtimeDir ?? "/run/user/1000/busbar/galaxy-00000000",
  });

export const check = (text: string): Topology => checkTopology(parseTopology(text, "topology.toml"));

/** All faults of a text that must not load. */
export function faults(text: string, wanted: Wanted = {}): readonly Problem[] {
  try {
    plan(text, wanted);
  } catch (error) {
    return problemsOf(error);
  }
  throw new Error("the topology was accepted");
}

/** "code line:column" of each fault. */
export const where = (text: string, wanted: Wanted = {}): string[] =>
  faults(text, wanted).map(({ code, line, column }) => `${code} ${line}:${column}`);

/** "transport" per "source -> target". */
export const transports = (result: Plan): Record<string, string> => {
  const names = ["local", "ring", "unix", "tcp", "nats"];
  return Object.fromEntries(result.edges.map((edge) => [`${edge.source} -> ${edge.target}`, names[edge.carrier]]));
};
