// Makes a fresh clone runnable: npm packages, system packages, native build, compiled TypeScript. Each step is skipped
// when there is nothing to do, so that a second run takes seconds.
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { foreignPrograms } from "./foreign.mjs";
import { bin, once, root, run, Stop, say, works } from "./steps.mjs";

const NODE_MIN = [20, 11];

const requireNode = () => {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1])) return;
  throw new Stop(`Node.js ${NODE_MIN.join(".")} or newer is needed, this is ${process.versions.node}`);
};

const npmPackages = () =>
  once(
    "npm",
    ["package-lock.json"],
    () => existsSync(bin("tsc")),
    () => {
      say("setup: npm packages");
      const flags = ["--no-audit", "--no-fund", "--loglevel=error"];
      // `npm ci` wants the packages of every platform in the lock file; a registry that does not carry them all has left
      // gaps there, and then `npm install` takes the same versions without asking for the rest.
      const { status } = run("npm ci", "npm", ["ci", ...flags], { quiet: true, allowFailure: true });
      if (status !== 0) run("installing npm packages", "npm", ["install", ...flags]);
    },
  );

/** Folder above include/node, when the headers of the running Node lie beside it. */
const nodeHeaders = () => {
  const beside = dirname(dirname(realpathSync(process.execPath)));
  return [beside, "/usr", "/usr/local"].find((folder) => {
    const version = join(folder, "include", "node", "node_version.h");
    if (!existsSync(version)) return false;
    const major = /#define NODE_MAJOR_VERSION (\d+)/.exec(readFileSync(version, "utf8"))?.[1];
    return major === process.versions.node.split(".")[0];
  });
};

const loads = (name, how) =>
  works(process.execPath, ["-e", `const it = require(${JSON.stringify(name)});${how}`], { cwd: root });

/**
 * Packages that are compiled when nothing that fits this Node is there: install scripts do not run by themselves (.npmrc),
 * so that installing packages neither compiles nor downloads anything.
 */
export const compiledPackages = () => {
  const rebuild = (name, env = {}) => {
    say(`setup: compiling ${name}`);
    const flags = ["--ignore-scripts=false", "--foreground-scripts", "--loglevel=error"];
    const spawn = { env: { ...process.env, ...env } };
    return run(`compiling ${name}`, "npm", ["rebuild", name, ...flags], { quiet: true, allowFailure: true, spawn });
  };
  // The package brings what most platforms need.
  if (!loads("zeromq", "")) rebuild("zeromq");
  if (loads("better-sqlite3", "new it(':memory:').close()")) return;
  const headers = nodeHeaders();
  const without = "checkpoints and recordings of payments need it, nothing else does";
  if (headers === undefined)
    return say(`setup: no headers of Node ${process.versions.node} beside it, so SQLite is left out; ${without}`);
  // From source, with the headers that are here: nothing is fetched.
  const env = { npm_config_nodedir: headers, npm_config_build_from_source: "better-sqlite3", JOBS: "2" };
  const { status, stderr } = rebuild("better-sqlite3", env);
  if (status !== 0) say(`${stderr}\nsetup: SQLite could not be compiled; ${without}`);
};

/** What the native build (and, for `tests`, its tests) need: how to see it, and the Debian package that has it. */
const TOOLS = [
  { name: "a C++20 compiler", packages: ["g++"], there: () => works("c++", ["--version"]) },
  { name: "cmake", packages: ["cmake"], there: () => works("cmake", ["--version"]) },
  {
    name: "make or ninja",
    packages: ["make"],
    there: () => works("make", ["--version"]) || works("ninja", ["--version"]),
  },
  {
    name: "Python 3, which compiles SQLite",
    packages: ["python3", "make"],
    there: () => works("python3", ["--version"]),
  },
  {
    name: "the FlatBuffers C++ headers",
    packages: ["libflatbuffers-dev"],
    there: () =>
      ["/usr/include", "/usr/local/include"].some((path) => existsSync(join(path, "flatbuffers", "flatbuffers.h"))),
  },
  {
    name: "the zstd headers",
    packages: ["libzstd-dev"],
    there: () => ["/usr/include", "/usr/local/include"].some((path) => existsSync(join(path, "zstd.h"))),
  },
  {
    name: "GoogleTest",
    packages: ["libgtest-dev"],
    testsOnly: true,
    there: () => ["/usr/include", "/usr/local/include"].some((path) => existsSync(join(path, "gtest", "gtest.h"))),
  },
];

const systemPackages = (tests) => {
  const missing = TOOLS.filter((tool) => (tests || tool.testsOnly !== true) && !tool.there());
  if (missing.length === 0) return;
  const names = missing.map((tool) => tool.name).join(", ");
  const packages = [...new Set(missing.flatMap((tool) => tool.packages))];
  const line = `apt-get install -y ${packages.join(" ")}`;
  if (!works("apt-get", ["--version"])) {
    throw new Stop(`missing: ${names}. Install what your system calls ${packages.join(", ")}, then run this again.`);
  }
  if (process.getuid?.() !== 0) throw new Stop(`missing: ${names}. Run: sudo ${line}`);
  say(`setup: ${line}`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  run("updating the package lists", "apt-get", ["update", "-qq"], { quiet: true, spawn: { env } });
  run("installing system packages", "apt-get", ["install", "-y", "-qq", ...packages], { quiet: true, spawn: { env } });
};

const configure = (preset) => {
  const cache = join(root, ".build", "native", preset, "CMakeCache.txt");
  if (existsSync(cache)) return;
  const generator = works("ninja", ["--version"]) ? ["-G", "Ninja"] : [];
  run("configuring the native build", "cmake", ["--preset", preset, ...generator], { quiet: true });
};

/** `target` "dist" builds what users need; the name of the preset, tests and fuzzers as well. */
export const nativeBuild = (preset = "release", target = preset) => {
  const fresh = !existsSync(join(root, ".build", "native", preset, "CMakeCache.txt"));
  if (fresh) say(`setup: native build (${preset}), a few minutes on two cores`);
  configure(preset);
  run("the native build", "cmake", ["--build", "--preset", target, "--parallel", "2"], { quiet: true });
};

const typescript = () => {
  if (!existsSync(join(root, "dist", "bus"))) say("setup: compiling TypeScript");
  run("compiling TypeScript", bin("tsc"), ["-p", "tsconfig.build.json"]);
};

export const setup = (options = {}) => {
  requireNode();
  npmPackages();
  if (options.native === false) return typescript();
  systemPackages(options.tests === true);
  compiledPackages();
  typescript();
  nativeBuild("release", options.tests === true ? "release" : "dist");
  if (options.foreign === true) foreignPrograms();
};

/** Runs `main` and turns a Stop into one line and exit code 1. */
export const guarded = async (main) => {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    say(`busbar: ${error.message}`);
    process.exitCode = 1;
  }
};

if (process.argv[1] === join(root, ".ci", "setup.mjs"))
  await guarded(() => {
    const tests = process.argv.includes("--tests");
    setup({ tests, foreign: tests });
  });
