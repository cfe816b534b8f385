/** New entities, from rows and from columns, to the groups that travel: one group per set of components. */
import { BusError, suggestion } from "#bus";
import type { ColumnInit, CreateGroupInit } from "#generated/ecs";
import type { Components, FieldDefinition } from "../components/define.ts";
import { arrayOf, type ComponentSpecs, type TypedArray } from "../components/fields.ts";
import { checkArray, checkValue, mismatch } from "../frame/check.ts";
import { columnOf, elementsOf } from "../frame/column.ts";
import { toWire } from "../frame/wire.ts";

export type AnyValues = Readonly<Record<string, unknown>>;
export type AnyEntity = Readonly<Record<string, AnyValues>>;

export interface Grouped<Group> {
  readonly groups: Group[];
  /** Item of the request (counted over all groups) to its place in the caller's list. */
  readonly places: readonly number[];
}

/**
 * A request answers its items in the order of groups; `places` leads back to the caller's order.
 * @throws BusError ecs/unknown-name, ecs/type-mismatch with the item's place
 */
export function createGroups<S extends ComponentSpecs>(
  components: Components<S>,
  entities: readonly AnyEntity[],
): Grouped<CreateGroupInit> {
  const bySet = new Map<string, { names: string[]; items: number[] }>();
  for (const [item, entity] of entities.entries()) {
    const names = Object.keys(entity)
      .filter((name) => entity[name] !== undefined)
      .sort();
    const key = names.join();
    const group = bySet.get(key);
    if (group === undefined) bySet.set(key, { names, items: [item] });
    else group.items.push(item);
  }
  const groups = [...bySet.values()].map(({ names, items }): CreateGroupInit => {
    const columns = names.flatMap((name) => {
      for (const item of items) checkKeys(components, `[${item}].${name}`, name, entities[item]![name]!);
      return components
        .component(name)
        .fields.map((field) => rowsColumn(name, field, items, (item) => entities[item]![name]![field.name]));
    });
    return { components: names, count: items.length, columns };
  });
  return { groups, places: [...bySet.values()].flatMap(({ items }) => items) };
}

/** A column over some of the caller's items, checked. */
export function rowsColumn(
  component: string,
  field: FieldDefinition,
  items: readonly number[],
  of: (item: number) => unknown,
): ColumnInit {
  const path = `${component}.${field.name}`;
  for (const item of items) checkValue(`[${item}].${path}`, field.type, field.nullable, of(item));
  return toWire(columnOf(path, field, items.length, (row) => of(items[row]!)));
}

/** @throws BusError ecs/unknown-name for a key that is no field of the component */
export function checkKeys<S extends ComponentSpecs>(
  components: Components<S>,
  place: string,
  component: string,
  values: AnyValues,
): void {
  const known = components.component(component).fields.map(({ name }) => name);
  for (const key of Object.keys(values)) {
    if (known.includes(key)) continue;
    const details = { path: place, kind: `field of ${component}`, name: key, suggestion: suggestion(key, known) };
    throw new BusError("ecs/unknown-name", { details });
  }
}

/** One group from whole columns. Typed arrays of the field's own kind travel as they are; lists are checked value by value. */
export function columnGroup<S extends ComponentSpecs>(
  components: Components<S>,
  count: number,
  columns: Readonly<Record<string, Readonly<Record<string, ArrayLike<unknown> | undefined>>>>,
): CreateGroupInit {
  const names = Object.keys(columns).sort();
  const wire = names.flatMap((name) => {
    checkKeys(components, name, name, columns[name]!);
    return components.component(name).fields.flatMap((field): ColumnInit[] => {
      const given = columns[name]![field.name];
      const path = `${name}.${field.name}`;
      if (given === undefined) {
        checkValue(path, field.type, field.nullable, null);
        return [];
      }
      return [wholeColumn(path, field, count, given)];
    });
  });
  return { components: names, count, columns: wire };
}

function wholeColumn(path: string, field: FieldDefinition, count: number, given: ArrayLike<unknown>): ColumnInit {
  // Codes are of no use without a dictionary: texts come as a list.
  if (ArrayBuffer.isView(given) && field.type !== "utf8") {
    const values = given as unknown as TypedArray;
    checkArray(path, field.type, values, new (arrayOf(field.type))(0), elementsOf(field.type, count));
    return toWire({
      path,
      kind: field.type,
      nullable: false,
      length: count,
      values,
      validity: undefined,
      dictionary: [],
    });
  }
  if (given.length !== count) {
    throw mismatch(path, `a list of ${given.length}`, `${field.type} (a list of ${count})`);
  }
  return rowsColumn(
    path.split(".")[0]!,
    field,
    Array.from({ length: count }, (_, i) => i),
    (item) => given[item],
  );
}
