/** What a running bus looks like from outside, at one moment: what `status`, `top` and the metrics show. */
import type { EdgeAccount, LinkStatus } from "#core";
import { servicesIn } from "./os-process.ts";
import { nodeOf, type RunningBus } from "./running-bus.ts";
import { isStopped, type SilentProcess } from "./silence.ts";
import type { ServiceStatus } from "./supervise.ts";

export interface UpStatus {
  readonly pid: number;
  readonly mode: string;
  readonly uptimeMs: number;
  readonly services: readonly ServiceStatus[];
  /** Of the `up` of one node only. */
  readonly node: string | null;
}

export interface ProcessStatus {
  readonly process: string;
  readonly pid: number;
  readonly uptimeMs: number;
  readonly rssBytes: number;
  /** Processor time since it started. Threads of a process tell that of the whole process. */
  readonly cpuMs: number;
  readonly services: readonly string[];
  readonly links: readonly LinkStatus[];
  readonly accounts: { readonly edges: readonly EdgeAccount[]; readonly unheard: Readonly<Record<string, number>> };
}

export interface Observation {
  readonly bus: string;
  readonly plan: string;
  readonly ups: readonly UpStatus[];
  readonly processes: readonly ProcessStatus[];
  /** Alive, and did not answer in time. */
  readonly silent: readonly SilentProcess[];
}

const ANSWER_MS = 2000;

/** Asks everybody on this computer at once. A process that ends meanwhile is left out. @throws BusError topology/* */
export async function observe(bus: RunningBus): Promise<Observation> {
  const plan = await bus.plan();
  const ups = await Promise.all(
    bus.ups.map(async (up): Promise<UpStatus[]> => {
      try {
        const client = await bus.connectUp(up);
        try {
          const status = (await client.call("status", {}, { timeoutMs: ANSWER_MS })) as Omit<UpStatus, "node">;
          return [{ ...status, node: nodeOf(up) ?? null }];
        } finally {
          client.close();
        }
      } catch {
        return [];
      }
    }),
  );
  const processes: ProcessStatus[] = [];
  const silent: SilentProcess[] = [];
  await Promise.all(
    bus.processes(plan).map(async ({ name, pid }) => {
      try {
        const client = await bus.connect(name);
        try {
          processes.push((await client.call("status", {}, { timeoutMs: ANSWER_MS })) as ProcessStatus);
        } finally {
          client.close();
        }
      } catch {
        if (bus.processes(plan).some((other) => other.name === name && other.pid === pid))
          silent.push({ process: name, pid, services: servicesIn(plan, name), stopped: isStopped(pid) });
      }
    }),
  );
  const byProcess = (a: { process: string }, b: { process: string }): number => (a.process < b.process ? -1 : 1);
  return {
    bus: bus.name,
    plan: plan.hash,
    ups: ups.flat(),
    processes: processes.sort(byProcess),
    silent: silent.sort(byProcess),
  };
}

/** Nothing of it runs here. */
export const isNobody = ({ ups, processes, silent }: Observation): boolean =>
  ups.length === 0 && processes.length === 0 && silent.length === 0;
