// npm test: set up what is missing, then everything: lint, types, generated files, TypeScript tests, native tests.
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { guarded, nativeBuild, setup } from "./setup.mjs";
import { asksForHelp, bin, root, run, Stop, say } from "./steps.mjs";

const USAGE = `Usage: npm test -- [paths...] [options]

Sets up what is missing, then runs everything: lint, types, generated files, TypeScript tests, native tests. The last line of
standard output is "<n> passed, <n> failed, <n> skipped"; skipped tests are listed with their reasons.

  paths         only the TypeScript tests whose file contains one of them, such as bus/wire
  --sanitizers  also the native tests under the address, undefined-behaviour and thread sanitizers
  --help        this text
`;

const totals = { passed: 0, failed: 0, skipped: 0 };
const skippedTests = [];

const check = (name, command, args) => {
  const { status, seconds, stdout, stderr } = run(name, command, args, { quiet: true, allowFailure: true });
  const passed = status === 0;
  totals[passed ? "passed" : "failed"]++;
  say(`${passed ? "ok  " : "FAIL"} ${name} (${seconds.toFixed(1)} s)`);
  if (!passed) say(`${stdout}${stderr}`);
};

const vitest = (filters) => {
  const report = join(root, ".build", "vitest.json");
  rmSync(report, { force: true });
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  const { status } = run("vitest", bin("vitest"), ["run", ...reporters, ...filters], { allowFailure: true });
  if (!existsSync(report)) throw new Stop("vitest wrote no report");
  const result = JSON.parse(readFileSync(report, "utf8"));
  totals.passed += result.numPassedTests;
  totals.failed += result.numFailedTests;
  for (const file of result.testResults) {
    for (const one of file.assertionResults) {
      if (one.status === "skipped" || one.status === "pending" || one.status === "todo")
        skippedTests.push(one.fullName);
    }
  }
  // A file that cannot be loaded or an unhandled rejection fails the run without failing a test.
  if (status !== 0 && result.numFailedTests === 0) totals.failed++;
};

const ctest = (preset) => {
  const args = ["--preset", preset, "--parallel", "2"];
  const { status, stdout, stderr, seconds } = run(`ctest ${preset}`, "ctest", args, {
    quiet: true,
    allowFailure: true,
  });
  const match = /(\d+)% tests passed, (\d+) tests failed out of (\d+)/.exec(stdout);
  const [failed, all] = match === null ? [1, 1] : [Number(match[2]), Number(match[3])];
  totals.failed += failed;
  totals.passed += all - failed;
  say(
    `${failed === 0 && status === 0 ? "ok  " : "FAIL"} native tests, ${preset}: ${all - failed} of ${all} (${seconds.toFixed(1)} s)`,
  );
  if (failed > 0 || status !== 0) say(`${stdout}${stderr}`);
};

await guarded(() => {
  const args = process.argv.slice(2);
  if (asksForHelp(args)) return void process.stdout.write(USAGE);
  const filters = args.filter((arg) => !arg.startsWith("-"));
  const unknown = args.find((arg) => arg.startsWith("-") && arg !== "--sanitizers");
  if (unknown !== undefined) throw new Stop(`unknown option '${unknown}'; see npm test -- --help`);
  setup({ tests: true, foreign: true });
  if (filters.length === 0) {
    check("lint (biome)", bin("biome"), ["check", "--diagnostic-level=error", "."]);
    check("types (tsc)", bin("tsc"), ["-p", "tsconfig.json"]);
    const gen = ["dist/bus/schema/gen/main.js", "--schema", "schema", "--ts", "bus/generated", "--import", "#schema"];
    const rest = ["--cpp", "native/generated", "--errors-page", "docs/reference/errors.md", "--check"];
    check("generated files are fresh", process.execPath, [...gen, ...rest]);
  }
  vitest(filters);
  if (filters.length === 0) ctest("release");
  if (args.includes("--sanitizers")) {
    for (const preset of ["asan", "tsan"]) {
      nativeBuild(preset);
      ctest(preset);
    }
  }
  totals.skipped = skippedTests.length;
  if (skippedTests.length > 0)
    say(`\nskipped, with the reason in the name:\n${skippedTests.map((name) => `  ${name}`).join("\n")}`);
  process.stdout.write(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped\n`);
  if (totals.failed > 0) process.exitCode = 1;
});
