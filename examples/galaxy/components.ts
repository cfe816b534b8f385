import { type Components, defineComponents } from "../../services/ecs/index.ts";

const SPECS = {
  /** A sun that somebody may own. */
  Star: { name: "utf8" },
  Faction: { name: { type: "utf8", index: "hash" }, kills: "u32" },
  Treasury: { amount: "i64" },
  /** `star` is where it is, or where it goes. */
  Fleet: { name: "utf8", star: "entity" },
  Ship: { fleet: { type: "entity", index: "hash" }, kind: "utf8" },
  Owner: { faction: { type: "utf8", index: "hash" } },
  Income: { amount: "i64" },
  Position: { x: "f64", y: "f64" },
  Movement: { destination: "f32x2", speed: "f64" },
  Health: { hp: "f64", max: "f64" },
  /** Health a turn. */
  Regeneration: { rate: "f64" },
} as const;

export type GalaxySpecs = typeof SPECS;
/** What the galaxy is made of. */
export const GALAXY: Components<GalaxySpecs> = defineComponents(SPECS);
