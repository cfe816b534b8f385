/** Method: random files, sound and broken, against what must hold for all of them. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { BusError } from "#wire";
import { blockCycles } from "./block-cycles.ts";
import { matcher } from "./glob.ts";
import { problemsOf } from "./problem.ts";
import { plan } from "./testing/fixtures.ts";
import { GALAXY } from "./testing/galaxy.ts";

const TYPES = ["galaxy.TurnStart", "galaxy.TurnEnd", "galaxy.CombatEvent", "market.Trade", "galaxy.*", "*"];
const RPCS = ["Cards", "galaxy.Combat", "market.Ecs2"];
const RUNS = ["ts:a.ts", "native:x", "python:x.py", "exec:x"];

interface Shape {
  readonly sections: readonly string[];
}

const list = (items: readonly string[]): fc.Arbitrary<string> =>
  fc.subarray([...items]).map((chosen) => `[${chosen.map((item) => `"${item}"`).join(", ")}]`);

const serviceKeys: fc.Arbitrary<string> = fc
  .record({
    run: fc.option(fc.constantFrom(...RUNS), { nil: undefined }),
    isolate: fc.boolean(),
    instances: fc.integer({ min: 1, max: 3 }),
    publishes: fc.option(list(TYPES), { nil: undefined }),
    subscribes: fc.option(list(TYPES), { nil: undefined }),
    serves: fc.option(list(RPCS), { nil: undefined }),
  })
  .map(({ run, isolate, instances, publishes, subscribes, serves }) =>
    [
      run === undefined ? "" : `run = "${run}"\nisolate = ${isolate}`,
      `instances = ${instances}`,
      publishes === undefined ? "" : `publishes = ${publishes}`,
      subscribes === undefined ? "" : `subscribes = ${subscribes}`,
      serves === undefined ? "" : `serves = ${serves}`,
    ]
      .filter((line) => line !== "")
      .join("\n"),
  );

/** Services s0.. over nodes n0.., all on this machine, with edge entries that ask for what any pair can have. */
const sound: fc.Arbitrary<Shape> = fc
  .record({
    services: fc.array(serviceKeys, { minLength: 1, maxLength: 6 }),
    nodes: fc.integer({ min: 1, max: 3 }),
    // One for the whole file: two directions of a link may not ask for different ones.
    transport: fc.constantFrom("auto", "ring", "unix", "tcp"),
    edges: fc.array(
      fc.record({
        from: fc.constantFrom("*", "s*", "s0"),
        to: fc.constantFrom("*", "s*", "s0#*"),
        policy: fc.constantFrom("block", "error", "drop_newest", "drop_oldest", "latest"),
        size: fc.constantFrom("4KiB", "1MiB", "8MiB"),
      }),
      { maxLength: 4 },
    ),
  })
  .map(({ services, nodes, transport, edges }) => ({
    sections: [
      ...Array.from({ length: nodes }, (_, n) => {
        const names = services.map((_, i) => `"s${i}"`).filter((_, i) => i % nodes === n);
        return `[[nodes]]\nname = "n${n}"\nservices = [${names.join(", ")}]\n`;
      }),
      ...services.map((keys, i) => `[services.s${i}]\n${keys}\n`),
      edges
        .map(
          ({ from, to, policy, size }) =>
            `[[edges]]\nfrom = "${from}"\nto = "${to}"\npolicy = "${policy}"\ntransport = "${transport}"\nmax_message = "${size}"\n`,
        )
        .join(""),
    ],
  }));

const fileOf = (sections: readonly string[]): string => `[bus]\nname = "galaxy"\n${sections.join("")}`;

test("a sound random topology resolves in every mode, and its plan keeps the rules", () => {
  fc.assert(
    fc.property(
      sound,
      fc.constantFrom(undefined, "bundled", "monolith", "distributed"),
      fc.constantFrom(undefined, "local", "ring", "unix", "tcp"),
      ({ sections }, mode, transport) => {
        const result = plan(fileOf(sections), { overrides: { mode, transport } as object });
        const process = new Map(result.services.map((service) => [service.name, service.process]));
        expect(result.processes.flatMap(({ services }) => services).sort()).toEqual([...process.keys()].sort());
        expect(new Set(result.processes.map(({ socket }) => socket)).size).toBe(result.processes.length);
        const carriers = new Map(result.edges.map((edge) => [`${edge.source} ${edge.target}`, edge.carrier]));
        for (const edge of result.edges) {
          expect(carriers.get(`${edge.target} ${edge.source}`)).toBe(edge.carrier);
          expect(edge.capacityBytes).toBeGreaterThanOrEqual(2 * edge.messageBytesMax);
          expect(edge.reason).not.toBe("");
          const together = process.get(edge.source) === process.get(edge.target);
          expect(edge.carrier === 0 || edge.carrier === 1, edge.reason!).toBe(together);
        }
      },
    ),
    { numRuns: 60 },
  );
});

test("the plan does not depend on the order of sections that do not concern each other", () => {
  const shuffled = sound.chain(({ sections }) =>
    fc.tuple(
      fc.constant(sections),
      fc.shuffledSubarray([...sections], { minLength: sections.length, maxLength: sections.length }),
    ),
  );
  fc.assert(
    fc.property(shuffled, ([sections, other]) => {
      // Warnings name lines, which moved.
      const [one, two] = [plan(fileOf(sections)), plan(fileOf(other))];
      expect({ ...two, warnings: [] }).toEqual({ ...one, warnings: [] });
    }),
    { numRuns: 40 },
  );
});

const settled = (text: string): void => {
  try {
    plan(text);
  } catch (error) {
    if (!(error instanceof BusError) || error.code === "core/internal") throw error;
    for (const { line, column, message } of problemsOf(error)) {
      expect(line).toBeLessThanOrEqual(text.split("\n").length);
      expect(column).toBeGreaterThan(0);
      expect(message).not.toContain("\n");
    }
  }
};

test("a file with random damage is accepted or refused with a place, never a crash", () => {
  const damage = fc.record({
    at: fc.integer({ min: 0, max: GALAXY.length }),
    cut: fc.integer({ min: 0, max: 12 }),
    put: fc.constantFrom("", "x", '"', "[", "]", "\n", "=", "0", ".", "#", "{", "}", "*", "\0", "é", "__proto__ = 1\n"),
  });
  fc.assert(
    fc.property(fc.array(damage, { minLength: 1, maxLength: 3 }), (all) => {
      settled(all.reduce((text, { at, cut, put }) => text.slice(0, at) + put + text.slice(at + cut), GALAXY));
    }),
    { numRuns: 300 },
  );
});

test("any value under any key is accepted or refused with a place, never a crash", () => {
  const value = fc.constantFrom(
    "1",
    "-1",
    "1.5",
    "nan",
    "true",
    '""',
    '"x"',
    "[]",
    "[1]",
    '["x"]',
    "[[]]",
    "{}",
    "{ x = 1 }",
    "2020-01-01",
    "99999999999999999999",
  );
  const lines = GALAXY.split("\n");
  const keys = lines.flatMap((line, i) => (/^\w+ = /.test(line) ? [i] : []));
  fc.assert(
    fc.property(fc.constantFrom(...keys), value, (line, text) => {
      settled(lines.with(line, lines[line].replace(/ = .*/, ` = ${text}`)).join("\n"));
    }),
    { numRuns: 200 },
  );
});

test("names that objects have from the start are names like others", () => {
  for (const name of ["constructor", "toString", "hasOwnProperty", "valueOf"]) {
    settled(`[bus]\nname = "g"\n[[nodes]]\nname = "n"\nservices = ["${name}"]\n`);
    const result = plan(`[bus]\nname = "g"\n[[nodes]]\nname = "n"\nservices = ["${name}"]\n`);
    expect(result.services[0]).toMatchObject({ name, open: true });
  }
  settled('[__proto__]\nx = 1\n[bus]\nname = "g"\n');
  settled('[bus]\nname = "g"\n[services.__proto__]\nrun = "ts:x"\n');
  settled('[bus]\nname = "g"\n[services.constructor]\nprototype = "ts:x"\n');
});

test("a pattern matches what the same regular expression matches", () => {
  const part = fc.string({ unit: fc.constantFrom("a", "b", "."), maxLength: 4 });
  fc.assert(
    fc.property(
      fc.array(part, { minLength: 1, maxLength: 4 }),
      fc.string({ unit: fc.constantFrom("a", "b", "."), maxLength: 10 }),
      (parts, name) => {
        const expression = new RegExp(`^${parts.map((one) => one.replaceAll(".", "\\.")).join(".*")}$`);
        expect(matcher(parts.join("*"))(name)).toBe(expression.test(name));
      },
    ),
    { numRuns: 500 },
  );
});

test("cycles are found exactly where a service reaches itself", () => {
  const edges = fc.uniqueArray(fc.tuple(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 6 })), {
    selector: ([a, b]) => a * 10 + b,
    maxLength: 14,
  });
  fc.assert(
    fc.property(edges, (pairs) => {
      const next = new Map<string, string[]>();
      for (const [a, b] of pairs) if (a !== b) next.set(`${a}`, [...(next.get(`${a}`) ?? []), `${b}`].sort());
      const reaches = (from: string, to: string): boolean => {
        const seen = new Set<string>();
        const queue = [...(next.get(from) ?? [])];
        for (const name of queue) {
          if (name === to) return true;
          if (seen.has(name)) continue;
          seen.add(name);
          queue.push(...(next.get(name) ?? []));
        }
        return false;
      };
      const cycles = blockCycles(next);
      expect(cycles.length > 0).toBe([...next.keys()].some((name) => reaches(name, name)));
      for (const cycle of cycles) {
        expect(cycle[0]).toBe(cycle.at(-1));
        for (let i = 1; i < cycle.length; i++) expect(next.get(cycle[i - 1])).toContain(cycle[i]);
      }
    }),
    { numRuns: 300 },
  );
});
