import { BusError, type Publisher } from "#bus";
import type { RecordedEvent } from "../recording/event.ts";
import type { Channel } from "../recording/file.ts";
import type { Query } from "../recording/query.ts";
import type { Recording } from "../recording/recording.ts";
import { type RawType, rawType } from "./raw-type.ts";

/** What a replay acts on. Everything outside is handed in: a bus, a clock, time. */
export interface ReplayPorts {
  publisher(type: RawType): Publisher<Uint8Array>;
  /** Steps the simulated clock to a time; absent: there is none to drive. */
  step?(timeNs: bigint): Promise<void>;
  /** Monotonic, ms. */
  now(): number;
  sleep(ms: number): Promise<void>;
  /** With `step`: resolves when the next instant may be published; false ends the replay. */
  proceed?(next: { readonly time: bigint; readonly turn: number | undefined }): Promise<boolean>;
}

export interface ReplayOptions {
  /** Recorded time against real time: 1 as it was, 10 ten times as fast, 0 as fast as it goes. Default 0. */
  readonly speed?: number;
  /** Begins with the first event of this turn or a later one. */
  readonly fromTurn?: number;
  /** Only these types. Default: all. */
  readonly types?: readonly string[];
  readonly signal?: AbortSignal;
  progress?(published: number): void;
}

export interface ReplayReport {
  readonly published: number;
  /** By type. */
  readonly types: Readonly<Record<string, number>>;
  /** Steps of the simulated clock. */
  readonly steps: number;
  /** ns; undefined when nothing was published. */
  readonly from: bigint | undefined;
  readonly to: bigint | undefined;
}

export const TICK = "busbar.clock.Tick";

/**
 * Publishes a recording again in the order in which it was recorded, flagged as replayed, so that no recorder records it again.
 * The clock is stepped to each recorded tick, or, where no ticks were recorded, to each time at which something happened, when all
 * that happened until then has been delivered: services get it between two of their turns.
 * @throws BusError blackbox/replay-refused, blackbox/bad-query, blackbox/unreadable, and what publishing throws
 */
export async function replay(
  recording: Recording,
  ports: ReplayPorts,
  options: ReplayOptions = {},
): Promise<ReplayReport> {
  const { speed = 0, fromTurn } = options;
  if (!(speed >= 0) || speed === Number.POSITIVE_INFINITY)
    throw new BusError("blackbox/replay-refused", {
      details: { problem: `speed is ${speed}; a number from 0 is needed` },
    });
  const ticks = ports.step === undefined ? [] : await ticksOf(recording);
  const out = new Out(ports);
  const pace = new Pace(ports, speed);
  let steps = 0;
  let nextTick = 0;
  let time: bigint | undefined;
  let begun = fromTurn === undefined;
  let stopped = false;
  /** Takes the clock through what lies before a time; what was published until then is in each of these ticks. */
  const upTo = async (end: bigint): Promise<void> => {
    if (ports.step === undefined) return;
    const due: bigint[] = [];
    while (nextTick < ticks.length && ticks[nextTick]! < end) due.push(ticks[nextTick++]!);
    if (ticks.length === 0 && time !== undefined && time > 0n && time < end) due.push(time);
    for (const target of due) {
      await pace.until(target);
      await out.settle();
      await ports.step(target);
      steps++;
    }
  };
  const query: Query = options.types === undefined ? {} : { types: options.types };
  let last: bigint | undefined;
  let first: bigint | undefined;
  for await (const event of recording.arrivals(query)) {
    if (options.signal?.aborted === true) break;
    if (event.type === TICK) continue;
    if (!begun) {
      if (event.turn === undefined || event.turn < fromTurn!) continue;
      begun = true;
      // The clock does not live through what is left out.
      while (nextTick < ticks.length && ticks[nextTick]! < event.time) nextTick++;
    }
    if (time === undefined || event.time > time) {
      const goes = (await ports.proceed?.({ time: event.time, turn: event.turn })) ?? true;
      if (!goes) {
        stopped = true;
        break;
      }
      await upTo(event.time);
      await pace.until(event.time);
      time = event.time;
    }
    await out.publish(event);
    first ??= event.time;
    last = event.time;
    options.progress?.(out.published);
  }
  const whole = options.signal?.aborted !== true && begun && !stopped;
  if (whole) await upTo(1n << 64n);
  await out.settle();
  return { published: out.published, types: out.types, steps, from: first, to: last };
}

/** Times of the recorded ticks, ascending, each once: a clock repeats a tick until all have answered. */
async function ticksOf(recording: Recording): Promise<bigint[]> {
  if (!recording.types.has(TICK)) return [];
  const times = new Set<bigint>();
  for await (const event of recording.arrivals({ types: [TICK] })) {
    const { tick, time_ns: time } = event.value();
    // Tick 0 says that nothing has happened.
    if (String(tick) !== "0") times.add(BigInt(String(time)));
  }
  return [...times].sort((a, b) => (a < b ? -1 : 1));
}

/** Publishers by type, and what went through them. */
export class Out {
  published = 0;
  readonly types: Record<string, number> = {};
  readonly #ports: Pick<ReplayPorts, "publisher">;
  readonly #publishers = new Map<string, Publisher<Uint8Array>>();
  readonly #dirty = new Set<Publisher<Uint8Array>>();

  constructor(ports: Pick<ReplayPorts, "publisher">) {
    this.#ports = ports;
  }

  /** The publisher of a channel's type; asking for it early lets its subscribers be known before the first message. */
  of({ typeName, type, record }: Channel): Publisher<Uint8Array> {
    const key = `${typeName} ${record.metadata.get("fingerprint")}`;
    let publisher = this.#publishers.get(key);
    if (publisher === undefined) {
      if (type === undefined)
        throw new BusError("blackbox/replay-refused", {
          details: { problem: `${typeName} has no schema in the file` },
        });
      publisher = this.#ports.publisher(rawType(type, record.metadata));
      this.#publishers.set(key, publisher);
    }
    return publisher;
  }

  async publish(event: RecordedEvent): Promise<void> {
    const { type, topic, channel } = event;
    const publisher = this.of(channel);
    await publisher.publish(event.payload, {
      replayed: true,
      ...(topic === undefined || topic === "" ? {} : { topic }),
    });
    this.#dirty.add(publisher);
    this.published++;
    this.types[type] = (this.types[type] ?? 0) + 1;
  }

  /** Everything published has been delivered. */
  async settle(): Promise<void> {
    for (const publisher of this.#dirty) await publisher.flush();
    this.#dirty.clear();
  }
}

/** Waits so that recorded time passes `speed` times as fast as real time. */
class Pace {
  readonly #ports: ReplayPorts;
  readonly #speed: number;
  #origin: { readonly time: bigint; readonly at: number } | undefined;

  constructor(ports: ReplayPorts, speed: number) {
    this.#ports = ports;
    this.#speed = speed;
  }

  async until(time: bigint): Promise<void> {
    if (this.#speed === 0) return;
    this.#origin ??= { time, at: this.#ports.now() };
    const due = this.#origin.at + Number(time - this.#origin.time) / 1e6 / this.#speed;
    const wait = due - this.#ports.now();
    if (wait >= 1) await this.#ports.sleep(wait);
  }
}
