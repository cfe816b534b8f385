import type { GetEntitiesReply } from "#generated/ecs";
import type { ComponentSpecs } from "../components/fields.ts";
import { Frame } from "./answer.ts";
import type { Entity, Names } from "./types.ts";

/** Entities in the order of the ids asked for; undefined where there is none. Each has the components that are its own. */
export function entitiesOf<S extends ComponentSpecs, Sel>({ rows }: GetEntitiesReply): (Entity<S, Sel> | undefined)[] {
  const frame = new Frame<S>(rows);
  return Array.from(frame.ids, (_, i) => {
    if (frame.isGone(i)) return undefined;
    const components = frame.componentsOf(i) as readonly Names<S>[];
    const { id, ...values } = frame.row(i) as { id: bigint };
    const own = Object.entries(values).filter(([name]) => components.includes(name as Names<S>));
    return { id, components, ...Object.fromEntries(own) } as Entity<S, Sel>;
  });
}
