/** What is wanted: weights of the parts. Each row adds up to 1. */
import type { Parts } from "./parts.ts";

export type Style = "balanced" | "bluffing" | "strategic" | "party" | "trick-taking";
export type Weights = Readonly<Record<keyof Parts, number>>;

const row = (...weights: readonly [number, number, number, number, number, number, number, number]): Weights => {
  const [density, skill, simplicity, comeback, interaction, tension, bluffing, betting] = weights;
  return { density, skill, simplicity, comeback, interaction, tension, bluffing, betting };
};

export const STYLES: Readonly<Record<Style, Weights>> = {
  balanced: row(0.25, 0.2, 0.18, 0.12, 0.1, 0.08, 0, 0.07),
  bluffing: row(0.05, 0.05, 0.35, 0.05, 0.08, 0.05, 0.18, 0.19),
  strategic: row(0.2, 0.27, 0.3, 0.08, 0.1, 0.05, 0, 0),
  party: row(0.04, 0.04, 0.5, 0.12, 0.14, 0.06, 0, 0.1),
  "trick-taking": row(0.15, 0.15, 0.3, 0.1, 0.18, 0.12, 0, 0),
};

/** Party games are to be won by anyone: their weight lies on what skill does not decide. */
export const invertsSkill = (style: Style): boolean => style === "party";

export const isStyle = (name: string): name is Style => Object.hasOwn(STYLES, name);
