import { BusError, suggestion } from "#bus";
import {
  type ComponentSpec,
  type ComponentSpecs,
  type FieldKind,
  type FieldSpec,
  type IndexKind,
  widthOf,
} from "./fields.ts";

/** One field as the service knows it. */
export interface FieldDefinition {
  readonly name: string;
  readonly type: FieldKind;
  readonly nullable: boolean;
  readonly index: IndexKind | "none";
}

export interface ComponentDefinition {
  readonly name: string;
  /** In the order of their declaration, which is the order of columns. None: a tag. */
  readonly fields: readonly FieldDefinition[];
}

/** What `defineComponents` returns: the declaration for types, and the checked list for running. */
export interface Components<Specs extends ComponentSpecs> {
  /** Sorted by name. */
  readonly list: readonly ComponentDefinition[];
  /** @throws BusError ecs/unknown-name, with the nearest name there is */
  component(name: string): ComponentDefinition;
  /** @param path "Component.field"; @throws BusError ecs/unknown-name */
  field(path: string): FieldDefinition;
  /** Exists in types only. */
  readonly specs?: Specs;
}

/** Names that no component and no field may have: they would hide what rows and patches say of the entity itself. */
const RESERVED: ReadonlySet<string> = new Set(["id", "archetype", "remove", "__proto__"]);
const INDEXES: readonly string[] = ["none", "hash", "sorted"];
const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;

/**
 * Declares components once, for the compiler and for the service.
 * @param specs component to fields; a field is a kind ("f32", "utf8", "entity", "f32x3"), nullable with a question mark
 * ("entity?"), or `{ type, nullable, index }`. Tables of a FlatBuffers schema come in by `componentOf`.
 * @throws BusError ecs/malformed for a name or kind that is none, or one that is reserved
 * @source services.md, 5.1
 */
export function defineComponents<const Specs extends ComponentSpecs>(specs: Specs): Components<Specs> {
  const byName = new Map<string, ComponentDefinition>();
  const byPath = new Map<string, FieldDefinition>();
  for (const [name, spec] of Object.entries(specs)) {
    const definition = definitionOf(name, spec);
    byName.set(name, definition);
    for (const field of definition.fields) byPath.set(`${name}.${field.name}`, field);
  }
  const list = [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  return Object.freeze({
    list,
    component: (name: string) => byName.get(name) ?? unknownName("component", name, [...byName.keys()]),
    field: (path: string) => byPath.get(path) ?? unknownName("field", path, [...byPath.keys()]),
  });
}

/**
 * Definitions that came from a file, through the same checks as a declaration.
 * @throws BusError ecs/malformed
 */
export function definitionsOf(list: readonly ComponentDefinition[]): ComponentDefinition[] {
  return list.map(({ name, fields }) => {
    checkForm(name, name);
    return {
      name,
      fields: fields.map((field) => {
        const path = `${name}.${field.name}`;
        checkForm(path, field.name);
        return checkedField(path, field.name, field);
      }),
    };
  });
}

function definitionOf(name: string, spec: ComponentSpec): ComponentDefinition {
  checkName(name, name);
  const fields = Object.entries(spec).map(([field, of]) => fieldOf(`${name}.${field}`, field, of));
  return { name, fields };
}

function fieldOf(path: string, name: string, spec: FieldSpec): FieldDefinition {
  checkName(path, name);
  const options = typeof spec === "string" ? optionsOf(spec) : spec;
  if (typeof options !== "object" || options === null) throw malformed(path, "it is neither a kind nor { type, … }");
  const { type, nullable = false, index = "none" } = options;
  return checkedField(path, name, { type, nullable, index });
}

function checkedField(
  path: string,
  name: string,
  { type, nullable, index }: Omit<FieldDefinition, "name">,
): FieldDefinition {
  if (widthOf(String(type)) === 0)
    throw malformed(
      path,
      `'${type}' is no kind; there are bool, i8 to i64, u8 to u64, f32, f64, utf8, entity, f32x2 to f32x16`,
    );
  if (!INDEXES.includes(index)) throw malformed(path, `'${index}' is no index; there are hash and sorted`);
  return { name, type, nullable, index };
}

const optionsOf = (text: string): { type: FieldKind; nullable: boolean; index?: undefined } => {
  const nullable = text.endsWith("?");
  return { type: (nullable ? text.slice(0, -1) : text) as FieldKind, nullable };
};

function checkName(path: string, name: string): void {
  if (RESERVED.has(name)) throw malformed(path, `'${name}' has a meaning of its own`);
  checkForm(path, name);
}

function checkForm(path: string, name: string): void {
  if (!NAME.test(name)) throw malformed(path, "a name is a letter, then letters, digits and _, 64 at most");
}

function unknownName(what: string, name: string, known: readonly string[]): never {
  throw new BusError("ecs/unknown-name", {
    details: { kind: what, name, suggestion: suggestion(name, known) },
  });
}

const malformed = (path: string, problem: string): BusError =>
  new BusError("ecs/malformed", { details: { path, problem: `is refused: ${problem}` } });
