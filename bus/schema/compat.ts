import { closureOf, defaultText, typeText } from "./canonical.ts";
import type { BinarySchema, SchemaEnum, SchemaField, SchemaObject, SchemaService } from "./model.ts";
import { BASE_NAMES, Base } from "./model.ts";

export interface SchemaDiff {
  /** Changes after which old and new programs misread or refuse each other, in words with the place in front. */
  readonly breaking: readonly string[];
  /** Changes that both sides survive. */
  readonly compatible: readonly string[];
}

interface Change {
  readonly breaks: boolean;
  /** Full name of the table, struct, enum, union or service. */
  readonly owner: string;
  /** Field, value or call; "" for the owner itself. */
  readonly part: string;
  readonly text: string;
}

/**
 * What changed between two versions of a schema. Fields and types may be added at the end and deprecated, and renamed in
 * place; whatever else changes the bytes or their meaning breaks.
 * @param typeName only this table and what it is made of; all of the schema when left out
 * @source docs/wire.md, section 4
 */
export function diffSchemas(before: BinarySchema, after: BinarySchema, typeName?: string): SchemaDiff {
  const changes = changesOf(before, after, typeName);
  const say = (change: Change): string =>
    `${change.owner}${change.part === "" ? "" : `.${change.part}`}: ${change.text}`;
  return {
    breaking: changes.filter((change) => change.breaks).map(say),
    compatible: changes.filter((change) => !change.breaks).map(say),
  };
}

/**
 * The difference to name in a refusal, without namespaces: "TradeSignal.ts: ulong -> uint". Breaking ones come first.
 * @returns undefined when the type and what it is made of are equal
 */
export function firstDifference(before: BinarySchema, after: BinarySchema, typeName: string): string | undefined {
  const changes = changesOf(before, after, typeName);
  const first = changes.find((change) => change.breaks) ?? changes[0];
  if (first === undefined) return undefined;
  return `${first.owner.slice(first.owner.lastIndexOf(".") + 1)}${first.part === "" ? "" : `.${first.part}`}: ${first.text}`;
}

export interface SchemaIdentity {
  /** 16 hex digits. */
  readonly fingerprint: string;
  readonly lineage: readonly string[];
}

/** Whether two ends may exchange a type: they have the same version, or one knows the other's as an earlier version. */
export function acceptPeer(mine: SchemaIdentity, theirs: SchemaIdentity): boolean {
  return (
    mine.fingerprint === theirs.fingerprint ||
    mine.lineage.includes(theirs.fingerprint) ||
    theirs.lineage.includes(mine.fingerprint)
  );
}

function changesOf(before: BinarySchema, after: BinarySchema, typeName: string | undefined): readonly Change[] {
  const differ = new Differ(before, after);
  if (typeName === undefined) differ.everything();
  else if (!before.object.has(typeName)) differ.add(false, typeName, "", "added");
  else {
    const names = closureOf(before, typeName).filter((name) => name !== typeName);
    for (const name of [typeName, ...names]) differ.type(name);
  }
  return differ.changes;
}

class Differ {
  readonly changes: Change[] = [];
  readonly #before: BinarySchema;
  readonly #after: BinarySchema;

  constructor(before: BinarySchema, after: BinarySchema) {
    this.#before = before;
    this.#after = after;
  }

  add(breaks: boolean, owner: string, part: string, text: string): void {
    this.changes.push({ breaks, owner, part, text });
  }

  everything(): void {
    const before = this.#before;
    const after = this.#after;
    if (before.root !== after.root)
      this.add(true, "schema", "", `root type ${show(before.root)} -> ${show(after.root)}`);
    if (before.identifier !== after.identifier) {
      this.add(true, "schema", "", `file identifier ${show(before.identifier)} -> ${show(after.identifier)}`);
    }
    const known = [...before.object.keys(), ...before.enum.keys()];
    for (const name of [...known].sort()) this.type(name);
    const added = [...after.object.keys(), ...after.enum.keys()].filter((name) => !known.includes(name));
    for (const name of added.sort()) this.add(false, name, "", "added");
    for (const service of before.services) this.#service(service);
    for (const { name } of after.services) if (!before.service.has(name)) this.add(false, name, "", "added");
  }

  type(name: string): void {
    const object = this.#before.object.get(name);
    if (object !== undefined) this.#object(object, this.#after.object.get(name));
    else this.#enum(this.#before.enum.get(name) as SchemaEnum, this.#after.enum.get(name));
  }

  #gone(name: string): void {
    const last = name.slice(name.lastIndexOf(".") + 1);
    const moved = [...this.#after.object.keys(), ...this.#after.enum.keys()].find(
      (other) => other.slice(other.lastIndexOf(".") + 1) === last,
    );
    this.add(
      true,
      name,
      "",
      moved === undefined ? "removed or renamed" : `moved to ${moved}; the namespace is part of the name`,
    );
  }

  #object(old: SchemaObject, now: SchemaObject | undefined): void {
    if (now === undefined) {
      this.#gone(old.name);
      return;
    }
    if (old.isStruct !== now.isStruct) {
      this.add(true, old.name, "", old.isStruct ? "struct -> table" : "table -> struct");
      return;
    }
    if (old.isStruct) this.#struct(old, now);
    else this.#table(old, now);
  }

  #struct(old: SchemaObject, now: SchemaObject): void {
    const count = Math.max(old.fields.length, now.fields.length);
    for (let i = 0; i < count; i++) {
      const a = old.fields[i] as SchemaField | undefined;
      const b = now.fields[i] as SchemaField | undefined;
      if (a === undefined) {
        this.add(true, old.name, b?.name ?? "", "added; structs cannot grow");
        return;
      }
      if (b === undefined) {
        this.add(true, old.name, a.name, "removed; structs cannot shrink");
        return;
      }
      if (a.name !== b.name) {
        this.add(true, old.name, a.name, `${b.name} is in its place; structs keep their order`);
        return;
      }
      const types = this.#types(a, b);
      if (types[0] !== types[1]) {
        this.add(true, old.name, a.name, `${types[0]} -> ${types[1]}`);
        return;
      }
      if (a.offset !== b.offset) {
        this.add(true, old.name, a.name, `byte ${a.offset} -> byte ${b.offset}`);
        return;
      }
    }
    if (old.byteSize !== now.byteSize || old.minAlign !== now.minAlign) {
      this.add(
        true,
        old.name,
        "",
        `${old.byteSize} bytes, alignment ${old.minAlign} -> ${now.byteSize} bytes, alignment ${now.minAlign}`,
      );
    }
  }

  #table(old: SchemaObject, now: SchemaObject): void {
    const byId = new Map(now.fields.map((field) => [field.id, field]));
    const ids = new Set<number>();
    for (const field of old.fields) {
      ids.add(field.id);
      // A tag changes only together with the union that it belongs to.
      if (field.type.base === Base.utype || field.type.element === Base.utype) continue;
      this.#field(old, field, now.field.get(field.name), byId.get(field.id));
    }
    for (const field of now.fields) {
      if (ids.has(field.id) || field.type.base === Base.utype || field.type.element === Base.utype) continue;
      if (old.field.has(field.name)) continue;
      this.add(
        field.required,
        old.name,
        field.name,
        field.required ? "added as required; old writers leave it out" : "added",
      );
    }
  }

  #field(
    owner: SchemaObject,
    old: SchemaField,
    named: SchemaField | undefined,
    inPlace: SchemaField | undefined,
  ): void {
    const say = (breaks: boolean, text: string): void => this.add(breaks, owner.name, old.name, text);
    if (named !== undefined && named.id !== old.id) {
      say(true, `moved from place ${old.id} to ${named.id}; add new fields at the end`);
      return;
    }
    if (inPlace === undefined) {
      say(true, "removed; mark it (deprecated) instead");
      return;
    }
    const types = this.#types(old, inPlace);
    if (types[0] !== types[1]) {
      say(true, named === undefined ? `${types[0]} -> ${inPlace.name}: ${types[1]}` : `${types[0]} -> ${types[1]}`);
      return;
    }
    if (named === undefined) say(false, `renamed to ${inPlace.name}; the bytes stay, programs and JSON change`);
    if (old.optional !== inPlace.optional) say(true, old.optional ? "no longer optional" : "became optional");
    else if (defaultText(old) !== defaultText(inPlace)) {
      say(true, `default ${show(defaultText(old))} -> ${show(defaultText(inPlace))}`);
    }
    if (!old.required && inPlace.required) say(true, "became required; old writers leave it out");
    if (old.required && !inPlace.required) say(true, "no longer required; old readers refuse messages without it");
    if (old.deprecated === inPlace.deprecated) return;
    if (inPlace.deprecated && old.required)
      say(true, "deprecated while required; old readers refuse messages without it");
    else say(false, inPlace.deprecated ? "deprecated" : "no longer deprecated");
  }

  #types(old: SchemaField, now: SchemaField): readonly [string, string] {
    return [typeText(this.#before, old.type), typeText(this.#after, now.type)];
  }

  #enum(old: SchemaEnum, now: SchemaEnum | undefined): void {
    if (now === undefined) {
      this.#gone(old.name);
      return;
    }
    if (old.isUnion !== now.isUnion) {
      this.add(true, old.name, "", old.isUnion ? "union -> enum" : "enum -> union");
      return;
    }
    if (old.underlying.base !== now.underlying.base) {
      this.add(true, old.name, "", `${BASE_NAMES[old.underlying.base]} -> ${BASE_NAMES[now.underlying.base]}`);
    }
    if (old.bitFlags !== now.bitFlags)
      this.add(true, old.name, "", old.bitFlags ? "no longer bit_flags" : "became bit_flags");
    for (const value of old.values) {
      const named = now.byName.get(value.name);
      const inPlace = now.byValue.get(value.value);
      if (named !== undefined && named.value !== value.value) {
        this.add(true, old.name, value.name, `${value.value} -> ${named.value}`);
      } else if (inPlace === undefined) this.add(true, old.name, value.name, "removed");
      else {
        const types = [this.#memberText(this.#before, value.type), this.#memberText(this.#after, inPlace.type)];
        if (types[0] !== types[1]) this.add(true, old.name, value.name, `${types[0]} -> ${types[1]}`);
        else if (named === undefined) this.add(false, old.name, value.name, `renamed to ${inPlace.name}`);
      }
    }
    this.#addedValues(old, now);
  }

  #memberText(schema: BinarySchema, type: SchemaEnum["values"][number]["type"]): string {
    return type === undefined ? "nothing" : typeText(schema, type);
  }

  #addedValues(old: SchemaEnum, now: SchemaEnum): void {
    const most = old.values.reduce<bigint | undefined>(
      (max, { value }) => (max === undefined || value > max ? value : max),
      undefined,
    );
    for (const value of now.values) {
      if (old.byValue.has(value.value) || old.byName.has(value.name)) continue;
      const atEnd = most === undefined || value.value > most;
      const what = now.isUnion ? "member" : "value";
      this.add(
        !atEnd,
        old.name,
        value.name,
        atEnd
          ? `added; old readers see an unknown ${what}`
          : `added as ${value.value}, before the last ${what} ${most}`,
      );
    }
  }

  #service(old: SchemaService): void {
    const now = this.#after.service.get(old.name);
    if (now === undefined) {
      this.add(true, old.name, "", "removed or renamed");
      return;
    }
    for (const call of old.calls) {
      const other = now.calls.find(({ name }) => name === call.name);
      if (other === undefined) this.add(true, old.name, call.name, "removed or renamed");
      else {
        if (call.request !== other.request)
          this.add(true, old.name, call.name, `request ${call.request} -> ${other.request}`);
        if (call.response !== other.response)
          this.add(true, old.name, call.name, `response ${call.response} -> ${other.response}`);
        if (call.streamingMode !== other.streamingMode) {
          this.add(true, old.name, call.name, `streaming ${call.streamingMode} -> ${other.streamingMode}`);
        }
      }
    }
    for (const { name } of now.calls)
      if (!old.calls.some((call) => call.name === name)) this.add(false, old.name, name, "added");
  }
}

const show = (text: string | undefined): string => text ?? "none";
