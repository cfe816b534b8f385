import type { Memory } from "#wire";
import { tableOf } from "./canonical.ts";
import type { BinarySchema } from "./model.ts";
import { Check, type FieldPlan, type TablePlan, type ValuePlan, verifyPlans } from "./verify-plan.ts";

/** Levels of tables in tables. */
export const DEPTH_MAX = 64;
/** Tables of one message, each counted as often as something points to it. */
export const TABLES_MAX = 100_000;
/** Bytes that strings and vectors may add up to beyond the message itself, each counted as often as it is pointed to. */
export const SHARED_BYTES_MAX: number = 64 * 1024 * 1024;

/**
 * Whether the bytes [offset, end) of `memory` are a sound FlatBuffer: undefined when they are, else the reason in words.
 * `offset` is a multiple of 8. Never throws, never reads outside [offset, end), allocates nothing on success.
 */
export type Verifier = (memory: Memory, offset: number, end: number) => string | undefined;

/**
 * A verifier of one table type, driven by the binary schema; any layout that a FlatBuffers writer may choose is accepted.
 *
 * Checked: bounds, alignment, vtables, required fields, NUL behind strings, that a union has both its tag and its value,
 * depth (64), number of tables (half the size in bytes, at least 64, at most 100,000) and how much content sharing may add
 * up to (64 times the size, at most 64 MiB), so that a small message cannot become a huge object. Not checked: UTF-8, enum
 * values, and whatever this schema does not know (fields, union members): newer peers may send them.
 * @throws BusError `schema/unknown-type` when there is no such table
 */
export function makeVerifier(schema: BinarySchema, typeName: string): Verifier {
  const plan = verifyPlans(schema)[tableOf(schema, typeName).index] as TablePlan;
  return (memory, offset, end) => {
    if (end > memory.size || offset < 0 || (offset & 7) !== 0)
      return "the payload does not lie at a multiple of 8 in its memory";
    const size = end - offset;
    if (size < 8) return `${size} bytes are too short`;
    first = offset;
    last = end;
    round++;
    tablesLeft = Math.min(TABLES_MAX, Math.max(64, size >> 1));
    bytesLeft = size + Math.min(SHARED_BYTES_MAX, 65536 + 64 * size);
    const root = memory.i32[offset >> 2];
    const sound = root > 0 ? tableSound(memory, offset + root, plan, 1) : bad(offset, "a bad root offset");
    return sound ? undefined : describe();
  };
}

// One verification runs at a time in a thread and never calls out, so its state can live here instead of in an object.
let first = 0;
let last = 0;
/** Of this verification: what was found in another says nothing. */
let round = 0;
let tablesLeft = 0;
let bytesLeft = 0;
let faultAt = 0;
let faultText = "";
let faultPlace = "";

const describe = (): string => {
  const text = `${faultText} at byte ${faultAt - first}${faultPlace === "" ? "" : ` in ${faultPlace}`}`;
  faultPlace = "";
  return text;
};

function bad(at: number, text: string): false {
  faultAt = at;
  faultText = text;
  return false;
}

function tableSound(m: Memory, at: number, plan: TablePlan, depth: number): boolean {
  if (depth > DEPTH_MAX) return bad(at, `more than ${DEPTH_MAX} nested tables`);
  if (--tablesLeft < 0) return bad(at, "more tables than its size allows");
  if ((at & 3) !== 0 || at + 4 > last) return bad(at, "a table out of place");
  const vtable = at - m.i32[at >> 2];
  const { sound } = plan;
  // Tables of a vector share a vtable as a rule. Where one of them was sound, only what the next leads to can be wrong.
  const known = sound.round === round && sound.vtable === vtable && sound.alignment === (at & plan.maskMax);
  if (known && at + sound.extent <= last)
    return fieldsSound(m, at, vtable, m.u16[vtable >> 1], plan.references, plan, depth);
  if ((vtable & 1) !== 0 || vtable < first || vtable + 4 > last) return bad(at, "a vtable out of place");
  const entries = m.u16[vtable >> 1];
  const stated = m.u16[(vtable >> 1) + 1];
  if (entries < 4 || (entries & 1) !== 0 || vtable + entries > last) return bad(vtable, "a vtable of a wrong size");
  if (stated < 4 || at + stated > last) return bad(at, "a table that leaves the message");
  if (!fieldsSound(m, at, vtable, entries, plan.fields, plan, depth)) return false;
  // Tables of its own type inside it may have had vtables of their own; this one is as good.
  sound.round = round;
  sound.vtable = vtable;
  sound.alignment = at & plan.maskMax;
  sound.extent = Math.max(stated, extentOf(m, vtable, entries, plan.fields));
  return true;
}

/** Bytes from a table's place to the end of the last of the fields that it has. */
function extentOf(m: Memory, vtable: number, entries: number, fields: readonly FieldPlan[]): number {
  let extent = 0;
  for (let i = 0; i < fields.length; i++) {
    const { entry, value } = fields[i];
    if (entry >= entries) break;
    const offset = m.u16[(vtable + entry) >> 1];
    if (offset !== 0) extent = Math.max(extent, offset + (value.check === Check.inline ? value.size : 4));
  }
  return extent;
}

function fieldsSound(
  m: Memory,
  at: number,
  vtable: number,
  entries: number,
  fields: readonly FieldPlan[],
  plan: TablePlan,
  depth: number,
): boolean {
  // Fields are held to the message and not to the table's stated size: the object API of the official TypeScript Builder
  // writes a first field that is a struct behind it, and every official reader goes by the fields alone.
  const room = last - at;
  for (let i = 0; i < fields.length; i++) {
    const field = fields[i];
    if (field.entry >= entries) {
      if (entries < plan.vtableBytesMin) return missing(at, plan, entries);
      // A tag may be the last entry, with the value it announces missing.
      if (field.value.check === Check.union && field.entry - 2 < entries) {
        if (!unionAbsent(m, at, vtable, entries, room, field)) return false;
      }
      break;
    }
    const offset = m.u16[(vtable + field.entry) >> 1];
    if (offset === 0) {
      if (field.required) return missing(at, plan, field.entry);
      if (field.value.check === Check.union && !unionAbsent(m, at, vtable, entries, room, field)) return false;
      continue;
    }
    const value = field.value;
    const place = at + offset;
    if (value.check === Check.inline) {
      if (offset < 4 || offset + value.size > room || (place & value.mask) !== 0) {
        faultPlace = field.place;
        return bad(place, "a field out of place");
      }
    } else {
      if (offset < 4 || offset + 4 > room || (place & 3) !== 0) {
        faultPlace = field.place;
        return bad(place, "a field out of place");
      }
      if (!referenceSound(m, at, vtable, entries, room, place, field, depth)) {
        if (faultPlace === "") faultPlace = field.place;
        return false;
      }
    }
  }
  return true;
}

function missing(at: number, plan: TablePlan, entries: number): false {
  const field = plan.fields.find((other) => other.required && other.entry >= entries);
  faultPlace = field?.place ?? plan.name;
  return bad(at, "a required field is missing");
}

/** Follows the offset stored at `at`. @returns where it leads, or 0 (where no value can lie) when that is out of bounds */
function follow(m: Memory, at: number): number {
  const offset = m.i32[at >> 2];
  const target = at + offset;
  return offset > 0 && target + 4 <= last ? target : 0;
}

function referenceSound(
  m: Memory,
  table: number,
  vtable: number,
  entries: number,
  room: number,
  at: number,
  field: FieldPlan,
  depth: number,
): boolean {
  const plan = field.value;
  const target = follow(m, at);
  if (target === 0) return bad(at, "an offset out of bounds");
  switch (plan.check) {
    case Check.string:
      return stringSound(m, target);
    case Check.table:
      return tableSound(m, target, plan.table as TablePlan, depth + 1);
    case Check.inlineVector:
      return vectorCount(m, target, plan.size, plan.mask) >= 0;
    case Check.stringVector:
      return stringsSound(m, target);
    case Check.tableVector:
      return tablesSound(m, target, plan.table as TablePlan, depth + 1);
    case Check.union: {
      const tag = tagOffset(m, vtable, entries, room, field.entry - 2);
      if (tag <= 0 || m.u8[table + tag] === 0) return bad(at, "a union value without its type");
      return memberSound(m, target, plan.members[m.u8[table + tag]], depth + 1);
    }
    default:
      return unionsSound(m, table, vtable, entries, room, target, field, depth + 1);
  }
}

/** Where the tag of a union lies in its table; 0 when absent, -1 when out of place. */
function tagOffset(m: Memory, vtable: number, entries: number, room: number, entry: number): number {
  if (entry >= entries) return 0;
  const offset = m.u16[(vtable + entry) >> 1];
  return offset === 0 ? 0 : offset < 4 || offset >= room ? -1 : offset;
}

function unionAbsent(m: Memory, at: number, vtable: number, entries: number, room: number, field: FieldPlan): boolean {
  const tag = tagOffset(m, vtable, entries, room, field.entry - 2);
  if (tag === 0 || (tag > 0 && m.u8[at + tag] === 0)) return true;
  faultPlace = field.place;
  return bad(at, "a union type without its value");
}

/** @returns number of elements, or -1 when the vector is not sound */
function vectorCount(m: Memory, at: number, size: number, mask: number): number {
  if ((at & 3) !== 0) {
    bad(at, "a vector out of place");
    return -1;
  }
  const count = m.u32[at >> 2];
  const bytes = count * size;
  if (at + 4 + bytes > last) {
    bad(at, `a vector of ${count} elements that leaves the message`);
    return -1;
  }
  // The C++ builder does not align an empty vector to its element; nobody reads one.
  if (count > 0 && ((at + 4) & mask) !== 0) {
    bad(at, "a vector that is not aligned");
    return -1;
  }
  if ((bytesLeft -= bytes + 4) < 0) {
    bad(at, "more content than its size allows");
    return -1;
  }
  return count;
}

function stringSound(m: Memory, at: number): boolean {
  if ((at & 3) !== 0) return bad(at, "a string out of place");
  const end = at + 4 + m.u32[at >> 2];
  if (end >= last) return bad(at, "a string that leaves the message");
  if (m.u8[end] !== 0) return bad(end, "a string without a NUL behind it");
  if ((bytesLeft -= end - at) < 0) return bad(at, "more content than its size allows");
  return true;
}

function stringsSound(m: Memory, at: number): boolean {
  const count = vectorCount(m, at, 4, 3);
  if (count < 0) return false;
  for (let place = at + 4, i = 0; i < count; i++, place += 4) {
    const target = follow(m, place);
    if (target === 0) return bad(place, "an offset out of bounds");
    if (!stringSound(m, target)) return false;
  }
  return true;
}

function tablesSound(m: Memory, at: number, plan: TablePlan, depth: number): boolean {
  const count = vectorCount(m, at, 4, 3);
  if (count < 0) return false;
  if (count > tablesLeft) return bad(at, "more tables than its size allows");
  for (let place = at + 4, i = 0; i < count; i++, place += 4) {
    const target = follow(m, place);
    if (target === 0) return bad(place, "an offset out of bounds");
    if (!tableSound(m, target, plan, depth)) return false;
  }
  return true;
}

/** A union's value; one that this schema does not know was only checked to begin inside the message. */
function memberSound(m: Memory, at: number, plan: ValuePlan | undefined, depth: number): boolean {
  if (plan === undefined) return true;
  if (plan.check === Check.table) return tableSound(m, at, plan.table as TablePlan, depth);
  if (plan.check === Check.string) return stringSound(m, at);
  return (at & plan.mask) === 0 && at + plan.size <= last ? true : bad(at, "a struct out of place");
}

function unionsSound(
  m: Memory,
  table: number,
  vtable: number,
  entries: number,
  room: number,
  values: number,
  field: FieldPlan,
  depth: number,
): boolean {
  const tag = tagOffset(m, vtable, entries, room, field.entry - 2);
  if (tag <= 0 || tag + 4 > room || ((table + tag) & 3) !== 0) return bad(table, "a vector of unions without types");
  const tags = follow(m, table + tag);
  if (tags === 0) return bad(table + tag, "an offset out of bounds");
  const count = vectorCount(m, values, 4, 3);
  if (count < 0) return false;
  if (vectorCount(m, tags, 1, 0) !== count) return bad(tags, "a vector of unions with another number of types");
  if (count > tablesLeft) return bad(values, "more tables than its size allows");
  for (let i = 0; i < count; i++) {
    const type = m.u8[tags + 4 + i];
    if (type === 0) continue;
    const place = values + 4 + 4 * i;
    const target = follow(m, place);
    if (target === 0) return bad(place, "an offset out of bounds");
    if (!memberSound(m, target, field.value.members[type], depth)) return false;
  }
  return true;
}
