/** Changes of entities, to the groups that travel: one group per set of fields, components added and components removed. */
import type { UpdateGroupInit } from "#generated/ecs";
import type { Components } from "../components/define.ts";
import type { ComponentSpecs } from "../components/fields.ts";
import { type AnyEntity, type AnyValues, checkKeys, type Grouped, rowsColumn } from "./create.ts";

export interface AnyPatch {
  readonly id: bigint;
  readonly set?: AnyEntity | undefined;
  readonly add?: AnyEntity | undefined;
  readonly remove?: readonly string[] | undefined;
}

interface Shape {
  readonly paths: readonly (readonly [component: string, field: string])[];
  readonly add: readonly string[];
  readonly remove: readonly string[];
  readonly items: number[];
}

/**
 * Groups are applied one after the other. Changes of one entity keep their order: one that would come into an earlier group than
 * the entity's last one begins new groups.
 * @throws BusError ecs/unknown-name, ecs/type-mismatch with the item's place
 */
export function updateGroups<S extends ComponentSpecs>(
  components: Components<S>,
  patches: readonly AnyPatch[],
): Grouped<UpdateGroupInit> {
  const shapes: Shape[] = [];
  let open = new Map<string, number>();
  const lastOf = new Map<bigint, number>();
  for (const [item, patch] of patches.entries()) {
    const shape = shapeOf(components, item, patch);
    const key = JSON.stringify([shape.paths, shape.add, shape.remove]);
    let at = open.get(key);
    if (at === undefined || at < (lastOf.get(patch.id) ?? 0)) {
      if (at !== undefined) open = new Map();
      at = shapes.push(shape) - 1;
      open.set(key, at);
    }
    shapes[at]!.items.push(item);
    lastOf.set(patch.id, at);
  }
  const groups = shapes.map(({ paths, add, remove, items }): UpdateGroupInit => {
    const ids = BigUint64Array.from(items, (item) => patches[item]!.id);
    const columns = paths.map(([component, name]) => {
      const field = components.field(`${component}.${name}`);
      return rowsColumn(component, field, items, (item) => valuesOf(patches[item]!, component)[name]);
    });
    return { ids, columns, add, remove };
  });
  return { groups, places: shapes.flatMap(({ items }) => items) };
}

/** A component may be in `set` or in `add`; `add` has all of its fields. */
const valuesOf = ({ set, add }: AnyPatch, component: string): AnyValues => ({
  ...add?.[component],
  ...set?.[component],
});

function shapeOf<S extends ComponentSpecs>(components: Components<S>, item: number, patch: AnyPatch): Shape {
  const named = (values: AnyEntity | undefined): string[] =>
    Object.keys(values ?? {})
      .filter((name) => values![name] !== undefined)
      .sort();
  const add = named(patch.add);
  const paths = [...new Set([...named(patch.set), ...add])].sort().flatMap((name) => {
    const values = valuesOf(patch, name);
    checkKeys(components, `[${item}].${name}`, name, values);
    // Added components are written whole: what they may have had before does not shine through.
    const fields = components.component(name).fields.map((field) => field.name);
    const written = add.includes(name) ? fields : fields.filter((field) => values[field] !== undefined);
    return written.map((field) => [name, field] as const);
  });
  const remove = [...(patch.remove ?? [])].sort();
  for (const name of remove) components.component(name);
  return { paths, add, remove, items: [] };
}
