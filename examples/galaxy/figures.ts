/** Live figures of the game, for `busbar top` and whoever scrapes them. Real time and memory: nothing of it enters state or hash. */
import type { Telemetry } from "#bus";
import type { TurnResult } from "./turn.ts";

/** What the figures take from outside. */
export interface Effects {
  /** Monotonic. */
  readonly nowMs: () => number;
  /** Of this process. */
  readonly residentBytes: () => number;
}

/** Of the machine. */
export const EFFECTS: Effects = { nowMs: () => performance.now(), residentBytes: () => process.memoryUsage.rss() };

type Shows = Pick<Telemetry, "add" | "set" | "publish">;

/** Weight of the newest turn in the mean, as in the native services: a moving mean of the last dozen or so. */
const SHARE = 1 / 16;
const SECOND_MS = 1000;

export class Figures {
  readonly #telemetry: Shows;
  readonly #effects: Effects;
  #averageMs: number | undefined;
  #peakMs = 0;
  /** When the second began whose turns are counted. */
  #secondMs: number;
  #inSecond = 0;

  constructor(telemetry: Shows, effects: Effects) {
    this.#telemetry = telemetry;
    this.#effects = effects;
    this.#secondMs = effects.nowMs();
  }

  /** Shows a turn. @param begunMs by `nowMs`, when it began */
  turn({ battles, shipsLost, standings }: TurnResult, begunMs: number): void {
    const nowMs = this.#effects.nowMs();
    const tookMs = nowMs - begunMs;
    this.#averageMs = this.#averageMs === undefined ? tookMs : this.#averageMs + (tookMs - this.#averageMs) * SHARE;
    this.#peakMs = Math.max(this.#peakMs, tookMs);
    this.#inSecond++;
    const telemetry = this.#telemetry;
    const sum = (key: "stars" | "fleets" | "ships"): number => standings.reduce((all, row) => all + row[key], 0);
    telemetry.add("totalCombats", battles);
    telemetry.add("unitsDestroyed", shipsLost);
    telemetry.set("averageTickTimeUs", microseconds(this.#averageMs));
    telemetry.set("peakTickTimeUs", microseconds(this.#peakMs));
    const secondMs = nowMs - this.#secondMs;
    if (secondMs >= SECOND_MS) {
      telemetry.set("simulationFps", Math.round((this.#inSecond * SECOND_MS) / secondMs));
      this.#secondMs = nowMs;
      this.#inSecond = 0;
    }
    telemetry.set("memoryUsageMb", Math.round(this.#effects.residentBytes() / 1e6));
    telemetry.set("planets", sum("stars"));
    telemetry.set("fleets", sum("fleets"));
    telemetry.set("units", sum("ships"));
    telemetry.publish();
  }
}

/** A turn that waited for an hour shows the largest number that there is room for. */
const microseconds = (ms: number): number => Math.min(Math.round(ms * 1000), 2 ** 32 - 1);
