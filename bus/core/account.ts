import { DROP_REASONS, type DropReason, type LaneReport } from "#transport";
import type { LaneAccount } from "./api.ts";

/**
 * What became of everything published on one lane of one edge, over all links it had.
 * published = delivered + Σ dropped(reason) + in flight, at every instant (semantics.md 4.3).
 */
export class Account {
  published = 0;
  /** Frames that went onto the present carrier. */
  committed = 0;
  readonly #settled = { delivered: 0, dropped: DROP_REASONS.map(() => 0) };
  #report: LaneReport | undefined;

  /** Drops on the sender's own side. */
  drop(reason: DropReason, count = 1): void {
    this.#settled.dropped[DROP_REASONS.indexOf(reason)] += count;
  }

  /** Deliveries of a carrier that keeps no report for this lane. */
  deliver(count: number): void {
    this.#settled.delivered += count;
  }

  attach(report: LaneReport): void {
    this.#report = report;
    this.committed = 0;
  }

  /** The carrier is gone: what it did not confirm is lost, and said to be. @returns how many */
  detach(reason: DropReason): number {
    const report = this.#report;
    if (report === undefined) return 0;
    this.#report = undefined;
    // Once: it may be a counter that another process moves.
    const { delivered } = report;
    this.#settled.delivered += delivered;
    let lost = this.committed - delivered;
    report.dropped.forEach((count, index) => {
      this.#settled.dropped[index] += count;
      lost -= count;
    });
    if (lost > 0) this.drop(reason, lost);
    this.committed = 0;
    return Math.max(0, lost);
  }

  /** Frames of the present carrier whose fate is known. */
  get settledOnCarrier(): number {
    const report = this.#report;
    if (report === undefined) return 0;
    let sum = report.delivered;
    for (const count of report.dropped) sum += count;
    return sum;
  }

  get delivered(): number {
    return this.#settled.delivered + (this.#report?.delivered ?? 0);
  }

  droppedOf(index: number): number {
    return this.#settled.dropped[index] + (this.#report?.dropped[index] ?? 0);
  }

  get inFlight(): number {
    return this.snapshot().inFlight;
  }

  /** Each counter is read once, since the consumer may move it between two looks, and the sum must hold. */
  snapshot(): LaneAccount {
    const { published, delivered } = this;
    const dropped = DROP_REASONS.map((reason, i) => [reason, this.droppedOf(i)] as const);
    const inFlight = dropped.reduce((rest, [, count]) => rest - count, published - delivered);
    return { published, delivered, inFlight, dropped: Object.fromEntries(dropped) as Record<DropReason, number> };
  }
}
