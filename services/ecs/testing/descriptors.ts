/** What a process holds open, for tests that something is given back. Linux only. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

export interface Holdings {
  /** Open sockets, pipes, events and files in memory, by kind. */
  readonly descriptors: Readonly<Record<string, number>>;
  /** Mappings of shared memory. */
  readonly shared: number;
}

/** Files with a path are not counted: modules are loaded when they are. */
export function holdingsOf(pid: number): Holdings {
  const descriptors: Record<string, number> = {};
  for (const name of readdirSync(`/proc/${pid}/fd`)) {
    const kind = kindOf(`/proc/${pid}/fd/${name}`);
    if (kind !== undefined) descriptors[kind] = (descriptors[kind] ?? 0) + 1;
  }
  const maps = readFileSync(`/proc/${pid}/maps`, "utf8").split("\n");
  return { descriptors, shared: maps.filter((line) => line.includes("/memfd:")).length };
}

function kindOf(path: string): string | undefined {
  try {
    const target = readlinkSync(path).replace(/\[\d+\]/, "");
    return target.startsWith("/") && !target.startsWith("/memfd:") ? undefined : target;
  } catch {
    return undefined; // closed meanwhile
  }
}

/** Processes of a bus that `busbar up` has started and that live. */
export function nodesOf(up: number): number[] {
  const read = (path: string): string => {
    try {
      return readFileSync(path, "latin1");
    } catch {
      return ""; // it has ended meanwhile
    }
  };
  const lists = readdirSync(`/proc/${up}/task`).map((thread) => read(`/proc/${up}/task/${thread}/children`));
  const children = lists.flatMap((list) => list.split(" ")).filter((word) => word.trim() !== "");
  return children.filter((pid) => read(`/proc/${pid}/cmdline`).includes("node-main")).map(Number);
}
