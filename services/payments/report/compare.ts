/** Two runs side by side: every measure, their difference, and the first tick after which they are not the same. */
import type { Costs, Metrics } from "#generated/payments";
import { textTable } from "./text-table.ts";
import { moneyText, realText } from "./words.ts";

export interface Run {
  readonly name: string;
  readonly metrics: Metrics;
  readonly costs: Costs;
  /** From tick 0 on. */
  readonly timeline: {
    readonly ticks: number;
    readonly hash: ArrayLike<bigint>;
    readonly feasibilityRatio: Iterable<number>;
  };
}

export interface Comparison {
  readonly equal: boolean;
  /** First tick after which the states differ, or that only one of them has. */
  readonly firstDifference: number | null;
  readonly rows: readonly Measure[];
  readonly text: string;
}
export interface Measure {
  readonly name: string;
  readonly left: number | bigint;
  readonly right: number | bigint;
}

export function compareRuns(left: Run, right: Run): Comparison {
  const firstDifference = firstDifferenceOf(left.timeline, right.timeline);
  const a = measuresOf(left);
  const b = measuresOf(right);
  const rows = Object.keys(a).map((name) => ({ name, left: a[name]!, right: b[name]! }));
  const cells = rows.map((row) => [row.name, shown(row.left), shown(row.right), differenceOf(row)]);
  const tail =
    firstDifference === null
      ? `equal in every state of ${left.timeline.ticks} ticks\n`
      : `first different state after tick ${firstDifference}\n`;
  return {
    equal: firstDifference === null,
    firstDifference,
    rows,
    text: textTable([["", left.name, right.name, "difference"], ...cells]) + tail,
  };
}

function firstDifferenceOf(left: Run["timeline"], right: Run["timeline"]): number | null {
  const common = Math.min(left.ticks, right.ticks);
  for (let tick = 0; tick < common; tick++) if (left.hash[tick] !== right.hash[tick]) return tick;
  return left.ticks === right.ticks ? null : common;
}

function measuresOf({ metrics, costs, timeline }: Run): Record<string, number | bigint> {
  const { tick: _, ...rest } = metrics;
  const named: Record<string, number | bigint> = { ticks: timeline.ticks };
  for (const [key, value] of Object.entries(rest)) named[words(key)] = value;
  for (const [key, value] of Object.entries(costs)) named[`cost: ${words(key)}`] = value;
  const ratios = [...timeline.feasibilityRatio];
  named["least feasibility ratio"] = ratios.length === 0 ? 1 : Math.min(...ratios);
  return named;
}

/** "meanDelayTicks" to "mean delay ticks" */
const words = (key: string): string => key.replace(/([A-Z]|\d+)/g, (part) => ` ${part.toLowerCase()}`);

const shown = (value: number | bigint): string => (typeof value === "bigint" ? moneyText(value) : realText(value, 4));

function differenceOf({ left, right }: Measure): string {
  const difference =
    typeof left === "bigint" && typeof right === "bigint" ? right - left : Number(right) - Number(left);
  if (difference === 0n || difference === 0) return "";
  return `${difference > 0 ? "+" : ""}${shown(difference)}`;
}
