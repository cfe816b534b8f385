import { expect, test } from "vitest";
import { BusError } from "#wire";
import { Cli } from "./cli.ts";

const failed = (error: unknown): string => {
  let text = "";
  const terminal = { write: (part: string) => ((text += part), true) };
  expect(new Cli(terminal as never, terminal as never).fail(error)).toBe(1);
  return text;
};

test("a service's list of problems is printed after the first of them, whatever its entries look like", () => {
  const problems = [
    { path: "simulation.tick_per_day", problem: "unknown key", line: 3, column: 5 },
    { path: "simulation.ticks_per_day", problem: "is missing", line: 3, column: 1 },
    { path: "", problem: "is too large" },
    "in its own words",
    null,
  ];
  const error = new BusError("payments/bad-config", { details: { name: "a.yaml", problem: "the first", problems } });
  expect(failed(error)).toBe(
    'payments/bad-config: a.yaml: the first\nline 3, column 1: simulation.ticks_per_day: is missing\nis too large\n"in its own words"\nnull\n',
  );
});

test("a list that is none is not printed", () => {
  const details = { name: "a.yaml", problem: "the first", problems: "many" };
  expect(failed(new BusError("payments/bad-config", { details }))).toBe("payments/bad-config: a.yaml: the first\n");
});
