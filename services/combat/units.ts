import { BusError } from "#bus";
import { Arc, Cover, Doctrine, type UnitsInit, WeaponKind, type WeaponsInit } from "#generated/combat";

/** Bits of a unit's `tags`. */
export const Tag: { readonly inspiring: 1; readonly fear: 2; readonly terror: 4; readonly fearless: 8 } = {
  inspiring: 1,
  fear: 2,
  terror: 4,
  fearless: 8,
};

/** One weapon; absent fields have the defaults of schema/service/combat/combat.fbs. */
export interface WeaponRow {
  kind?: keyof typeof WeaponKind;
  arc?: keyof typeof Arc;
  damage?: number;
  range?: number;
  /** Seconds between shots. */
  cooldown?: number;
  /** 0..1 */
  accuracy?: number;
  strength?: number;
  penetration?: number;
  speed?: number;
}

/** One unit; absent fields have the defaults of schema/service/combat/combat.fbs. */
export interface UnitRow {
  id: bigint;
  faction?: bigint;
  hp?: number;
  maxHp?: number;
  shields?: number;
  maxShields?: number;
  armor?: number;
  speed?: number;
  evasion?: number;
  x?: number;
  y?: number;
  /** Degrees against the x axis, counter-clockwise. */
  facing?: number;
  cover?: keyof typeof Cover;
  morale?: number;
  maxMorale?: number;
  skill?: number;
  defence?: number;
  invulnerableSave?: number;
  doctrine?: keyof typeof Doctrine;
  /** Sum of `Tag`. */
  tags?: number;
  weapons?: readonly WeaponRow[];
}

type Codes = Readonly<Record<string, number>>;

/** What an absent field means where only some rows have it. Absent in all rows, the column is left out. */
const UNIT_COLUMNS = {
  armor: 0,
  speed: 0,
  evasion: 0,
  x: 0,
  y: 0,
  facing: 0,
  skill: 50,
  defence: 0,
} as const;
const WEAPON_COLUMNS = {
  damage: undefined,
  range: 24,
  cooldown: 1,
  accuracy: 0.7,
  strength: 4,
  penetration: 0,
  speed: 50,
} as const;

/**
 * Columns of one side from rows, one per unit. A column that no row mentions is left out, so that the service's default holds.
 * @throws BusError combat/unknown-name for a cover, doctrine, kind or arc that is none; combat/malformed when only some weapons
 * have a damage, whose default depends on the rules
 */
export function unitsOf(rows: readonly UnitRow[]): UnitsInit {
  const units: UnitsInit = { id: BigUint64Array.from(rows, (row) => row.id) };
  const has = (key: keyof UnitRow): boolean => rows.some((row) => row[key] !== undefined);
  const numbers = (key: NumberKey, otherwise: (row: UnitRow) => number): void => {
    if (has(key)) units[key] = Float64Array.from(rows, (row) => row[key] ?? otherwise(row));
  };
  for (const [key, value] of Object.entries(UNIT_COLUMNS)) numbers(key as keyof typeof UNIT_COLUMNS, () => value);
  numbers("hp", (row) => row.maxHp ?? 100);
  numbers("maxHp", (row) => row.hp ?? 100);
  numbers("shields", (row) => row.maxShields ?? 0);
  numbers("maxShields", (row) => row.shields ?? 0);
  numbers("morale", (row) => row.maxMorale ?? 100);
  numbers("maxMorale", (row) => Math.max(row.morale ?? 100, 100));
  if (has("faction")) {
    if (rows.some((row) => row.faction === undefined)) throw malformed("faction is given for some units only");
    units.faction = BigUint64Array.from(rows, (row) => row.faction ?? 0n);
  }
  if (has("cover")) units.cover = codes(rows, "cover", Cover);
  if (has("doctrine")) units.doctrine = codes(rows, "doctrine", Doctrine);
  if (has("invulnerableSave")) units.invulnerableSave = Uint8Array.from(rows, (row) => row.invulnerableSave ?? 0);
  if (has("tags")) units.tags = Uint32Array.from(rows, (row) => row.tags ?? 0);
  if (has("weapons")) {
    units.weaponCount = Uint16Array.from(rows, (row) => row.weapons?.length ?? 0);
    units.weapons = weaponsOf(rows.flatMap((row) => row.weapons ?? []));
  }
  return units;
}

type NumberKey = keyof typeof UNIT_COLUMNS | "hp" | "maxHp" | "shields" | "maxShields" | "morale" | "maxMorale";

function weaponsOf(rows: readonly WeaponRow[]): WeaponsInit {
  // One column at least is needed, since it says how many weapons there are.
  const weapons: WeaponsInit = { kind: codes(rows, "kind", WeaponKind) };
  if (rows.some((row) => row.arc !== undefined)) weapons.arc = codes(rows, "arc", Arc);
  for (const [name, value] of Object.entries(WEAPON_COLUMNS)) {
    const key = name as keyof typeof WEAPON_COLUMNS;
    if (rows.every((row) => row[key] === undefined)) continue;
    weapons[key] = Float64Array.from(rows, (row) => {
      const given = row[key] ?? value;
      if (given === undefined) throw malformed(`weapons.${key} is given for some weapons only`);
      return given;
    });
  }
  return weapons;
}

function codes<Key extends string>(
  rows: readonly { readonly [K in Key]?: string }[],
  key: Key,
  names: Codes,
): Uint8Array {
  return Uint8Array.from(rows, (row, i) => {
    const name = row[key];
    if (name === undefined) return 0;
    const code = Object.hasOwn(names, name) ? names[name] : undefined;
    if (code !== undefined) return code;
    const what = `${key}; known are ${Object.keys(names).join(", ")}`;
    throw new BusError("combat/unknown-name", { details: { path: `${key}[${i}]`, value: JSON.stringify(name), what } });
  });
}

const malformed = (problem: string): BusError =>
  new BusError("combat/malformed", { details: { path: "units", problem: `${problem}; give it for all, or for none` } });
