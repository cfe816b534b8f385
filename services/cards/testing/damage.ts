/** Random damage to genomes as JSON texts, for tests: what nobody writes on purpose, and a genome that breeds may come to. */
import fc from "fast-check";

/** A JSON value that can hold what an object cannot: keys twice, and texts that are no JSON. */
type Tree = { readonly entries: [string, Tree][] } | { readonly items: Tree[] } | { readonly text: string };

const treeOf = (value: unknown): Tree => {
  if (Array.isArray(value)) return { items: value.map(treeOf) };
  if (typeof value !== "object" || value === null) return { text: JSON.stringify(value) };
  return { entries: Object.entries(value).map(([key, each]) => [key, treeOf(each)]) };
};

const write = (tree: Tree): string => {
  if ("text" in tree) return tree.text;
  if ("items" in tree) return `[${tree.items.map(write).join(",")}]`;
  return `{${tree.entries.map(([key, each]) => `${JSON.stringify(key)}:${write(each)}`).join(",")}}`;
};

/** Every place where a value stands: the list or object around it and its position there. */
interface Place {
  readonly around: readonly Tree[] | readonly [string, Tree][];
  readonly at: number;
}
function* places(tree: Tree): Generator<Place> {
  if ("text" in tree) return;
  const around = "items" in tree ? tree.items : tree.entries;
  for (let at = 0; at < around.length; at++) {
    yield { around, at };
    yield* places("items" in tree ? tree.items[at]! : tree.entries[at]![1]);
  }
}
const lookAt = ({ around, at }: Place): Tree => {
  const found = around[at]!;
  return Array.isArray(found) ? (found[1] as Tree) : (found as Tree);
};
const put = ({ around, at }: Place, tree: Tree): void => {
  const found = around[at]!;
  if (Array.isArray(found)) found[1] = tree;
  else (around as Tree[])[at] = tree;
};

const WRONG = [
  ...[
    "null",
    "true",
    "false",
    '""',
    "[]",
    "{}",
    "[[]]",
    "[null]",
    '{"":0}',
    '"NaN"',
    '"Infinity"',
    '"-0"',
    '"__proto__"',
  ],
  ...["0", "-0", "-1", "1", "255", "256", "65536", "2147483648", "4294967296", "9007199254740993", "1e21", "1e308"],
  ...[
    "1e999",
    "-1e999",
    "0.5",
    "1e-320",
    "123456789012345678901234567890",
    "NaN",
    "Infinity",
    "0x10",
    "01",
    "+1",
    "1e",
  ],
  ...['"\\ud800"', '"\\u0000"', "'x'", "undefined", ""],
];
const KEYS = [
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "hasOwnProperty",
  "length",
  "",
  "0",
  "Max_turns",
  "type",
];

/** Numbers below 1 choose places: which ones there are depends on what was damaged before. */
const share = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const kind = <Kind extends string>(name: Kind): fc.Arbitrary<Kind> => fc.constant(name);
const damage = fc.oneof(
  { weight: 12, arbitrary: fc.record({ kind: kind("like"), where: share, which: share }) },
  { weight: 6, arbitrary: fc.record({ kind: kind("nudge"), where: share, by: fc.constantFrom(-1, 1, 7, 250) }) },
  fc.record({ kind: kind("replace"), where: share, text: fc.constantFrom(...WRONG) }),
  fc.record({ kind: kind("delete"), where: share }),
  fc.record({ kind: kind("rename"), where: share, key: fc.constantFrom(...KEYS) }),
  fc.record({ kind: kind("add"), where: share, key: fc.constantFrom(...KEYS), text: fc.constantFrom(...WRONG) }),
  fc.record({ kind: kind("move"), where: share, from: share }),
  fc.record({ kind: kind("again"), where: share, times: fc.constantFrom(1, 2, 16, 300) }),
  fc.record({ kind: kind("nest"), where: share, depth: fc.constantFrom(1, 63, 65, 5000), list: fc.boolean() }),
);
type Damage = typeof damage extends fc.Arbitrary<infer One> ? One : never;

/** @param others values that stand under each key in whole genomes */
function apply(root: Tree, damage: Damage, others: ReadonlyMap<string, readonly string[]>): void {
  const all = [...places(root)];
  const pick = (where: number): Place | undefined => all[Math.floor(where * all.length)];
  const place = pick(damage.where);
  if (place === undefined) return;
  // Entries of an object, else values of a list.
  const around = place.around as unknown[];
  const entry = Array.isArray(around[place.at]) ? (around[place.at] as [string, Tree]) : undefined;
  switch (damage.kind) {
    case "like": {
      const like = others.get(entry?.[0] ?? "") ?? [];
      if (like.length > 0) put(place, { text: like[Math.floor(damage.which * like.length)]! });
      break;
    }
    case "nudge": {
      const text = write(lookAt(place));
      if (/^-?\d+$/.test(text)) put(place, { text: `${Number(text) + damage.by}` });
      break;
    }
    case "replace":
      put(place, { text: damage.text });
      break;
    case "delete":
      around.splice(place.at, 1);
      break;
    case "rename":
      if (entry !== undefined) entry[0] = damage.key;
      break;
    case "add":
      around.push(entry === undefined ? { text: damage.text } : [damage.key, { text: damage.text }]);
      break;
    case "move":
      put(place, lookAt(pick(damage.from)!));
      break;
    case "again":
      for (let i = 0; i < damage.times; i++) around.push(entry === undefined ? around[place.at] : [...entry]);
      break;
    case "nest": {
      const [open, close] = damage.list ? ["[", "]"] : ['{"logic":"AND","conditions":[', "]}"];
      put(place, { text: open.repeat(damage.depth) + write(lookAt(place)) + close.repeat(damage.depth) });
      break;
    }
  }
}

/** @param genomes whole ones. @returns texts of them with one to three faults; some are cut off */
export function damagedTexts(genomes: readonly object[]): fc.Arbitrary<string> {
  const others = new Map<string, string[]>();
  for (const { around, at } of genomes.flatMap((genome) => [...places(treeOf(genome))])) {
    const found = around[at]!;
    if (Array.isArray(found)) others.set(found[0], [...(others.get(found[0]) ?? []), write(found[1])]);
  }
  return fc
    .record({
      genome: fc.constantFrom(...genomes),
      faults: fc.array(damage, { minLength: 1, maxLength: 3 }),
      cut: fc.oneof({ weight: 19, arbitrary: fc.constant(null) }, share),
    })
    .map(({ genome, faults, cut }) => {
      const tree = treeOf(genome);
      for (const fault of faults) apply(tree, fault, others);
      const text = write(tree);
      return cut === null ? text : text.slice(0, Math.floor(cut * text.length));
    });
}
