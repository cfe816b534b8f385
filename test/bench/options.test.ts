import { expect, test } from "vitest";
import { parseOptions, UsageError } from "./options.ts";

const known = ["local", "unix"];

test("suites and options may come in any order, and a suite counts once", () => {
  const options = parseOptions(["--json", "unix", "--rounds", "4", "local", "unix", "--save"], known);
  expect(options).toMatchObject({ suites: ["unix", "local"], json: true, save: true, help: false });
  expect(options.pace).toMatchObject({ name: "full", rounds: 4 });
});

test("a quick run has fewer and shorter rounds than a full one, unless told otherwise", () => {
  const quick = parseOptions(["unix", "--quick"], known).pace;
  const full = parseOptions(["unix"], known).pace;
  expect(quick.rounds).toBeLessThan(full.rounds);
  expect(quick.roundMs).toBeLessThan(full.roundMs);
  expect(parseOptions(["unix", "--quick", "--rounds=9"], known).pace.rounds).toBe(9);
});

test("measures can be picked", () => {
  expect(parseOptions(["unix", "--only", "rtt64", "--only", "oneway64"], known).only).toEqual(["rtt64", "oneway64"]);
});

test("what is wrong is named, with what would be right", () => {
  const wrong: [string[], RegExp][] = [
    [["rong"], /unknown suite 'rong'; suites: local, unix/],
    [["unix", "--fast"], /unknown option '--fast'/],
    [["unix", "--rounds", "0"], /whole number from 1 to 1000, not '0'/],
    [["unix", "--rounds"], /whole number/],
    [["unix", "--only"], /--only needs a value/],
    [["unix", "--only", "rtt64", "--save"], /--save keeps a suite as a whole.*leave --only out/],
    [[], /name at least one suite: local, unix/],
  ];
  for (const [args, text] of wrong) {
    expect(() => parseOptions(args, known)).toThrow(UsageError);
    expect(() => parseOptions(args, known)).toThrow(text);
  }
});

test("help needs no suite", () => {
  expect(parseOptions(["--help"], known).help).toBe(true);
});
