/** What a topology with a [clock] brings along: a reserved service, and types that no schema folder needs to have. */
import {
  Clock,
  Done,
  Mark,
  NowRequest,
  PauseRequest,
  RunRequest,
  State,
  StepRequest,
  Tick,
  WatchRequest,
} from "#generated/busbar/clock";
import type { LockedMethod, LockedType, SchemaLock } from "#schema";

export const CLOCK_SERVICE = "busbar.clock";
/** Stands for the module of the clock where a `ts:` service has its path. */
export const CLOCK_TARGET = "busbar:clock";

/** What the clock publishes, and the services that follow it. */
export const CLOCK_TYPES: Readonly<
  Record<"ofClock" | "ofFollower", { readonly publishes: readonly string[]; readonly subscribes: readonly string[] }>
> = {
  ofClock: { publishes: [Tick.name], subscribes: [Done.name] },
  ofFollower: { publishes: [Done.name, Mark.name], subscribes: [Mark.name, Tick.name] },
};
export const MARK_TYPE: string = Mark.name;
export const CLOCK_RPC: string = Clock.name;

const TYPES = [Tick, Mark, Done, State, NowRequest, StepRequest, RunRequest, PauseRequest, WatchRequest];

/** The lock of a schema folder with the clock's own types and methods, as this version knows them. */
export function withClockTypes(lock: SchemaLock): SchemaLock {
  const types: Record<string, LockedType> = { ...lock.types };
  for (const { name, typeId, fingerprint, lineage } of TYPES) {
    types[name] = { id: typeId, fingerprint, lineage: [...lineage] };
  }
  const methods: Record<string, LockedMethod> = { ...lock.methods };
  for (const method of Object.values(Clock.methods)) {
    methods[`${Clock.name}/${method.name}`] = {
      id: method.requestId,
      request: method.request.name,
      response: method.response.name,
      streaming: method.streaming,
    };
  }
  return { ...lock, types, methods };
}
