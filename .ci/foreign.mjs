// Programs of other people that tests compare with: Python packages of test/foreign/requirements.txt, Rust crates of
// services/*/oracle/Cargo.toml. They are second opinions, so a machine that cannot have them is told why in one line and
// the run goes on; the tests that want them are skipped with a reason in their names.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { once, root, run, say, works } from "./steps.mjs";

class Without extends Error {}

/** Last line that a failed program printed: where pip and cargo say what stopped them. */
const lastLine = (text) => text.trim().split("\n").at(-1) ?? "";

const attempt = (command, args, env = {}) => {
  const spawn = { env: { ...process.env, ...env } };
  const { status, stdout, stderr, error } = run(command, command, args, { quiet: true, allowFailure: true, spawn });
  if (status === 0) return;
  const words = `${relative(root, command).startsWith("..") ? command : relative(root, command)} ${args[0]}`;
  throw new Without(`${words}: ${error?.message ?? (lastLine(`${stdout}\n${stderr}`) || `exit code ${status}`)}`);
};

/** `once`, but a step that fails prints why, leaves no stamp (the next run tries again) and ends nothing. */
const tryOnce = (name, what, paths, isThere, work) => {
  const reason = join(root, ".build", `${name}.reason`);
  try {
    once(name, paths, isThere, () => {
      say(`setup: ${what}`);
      work();
    });
    rmSync(reason, { force: true });
  } catch (error) {
    if (!(error instanceof Without)) throw error;
    say(`setup: left out ${what}, tests that compare with them are skipped: ${error.message}`);
    mkdirSync(dirname(reason), { recursive: true });
    writeFileSync(reason, error.message);
  }
};

const python = () => {
  const list = join("test", "foreign", "requirements.txt");
  const folder = join(root, ".build", "python");
  const inside = join(folder, "bin", "python");
  const packages = readFileSync(join(root, list), "utf8").match(/^\w\S*/gm) ?? [];
  tryOnce(
    "python",
    `Python packages for tests (${packages.join(" ")})`,
    [list],
    () => existsSync(inside),
    () => {
      if (!works("python3", ["-c", "import ensurepip"])) {
        throw new Without("no python3 with the module venv is here (Debian: apt-get install python3-venv)");
      }
      // A half-made one of another Python is no start.
      rmSync(folder, { recursive: true, force: true });
      attempt("python3", ["-m", "venv", folder]);
      const quick = ["--disable-pip-version-check", "--no-input", "--retries", "1", "--timeout", "20"];
      attempt(inside, ["-m", "pip", "install", "--quiet", ...quick, "-r", join(root, list)]);
    },
  );
};

/** A folder with main.rs is a program, put where tests find it; one without only names crates whose data tests read. */
const rust = (manifest) => {
  const folder = dirname(manifest);
  const name = /^name = "(.+)"$/m.exec(readFileSync(join(root, manifest), "utf8"))[1];
  const sources = readdirSync(join(root, folder)).filter((file) => file.endsWith(".rs"));
  const program = sources.includes("main.rs");
  const built = join(root, ".build", "cargo", "release", name);
  const common = ["--quiet", "--manifest-path", join(root, manifest)];
  tryOnce(
    `cargo-${name}`,
    `Rust crates for tests (${folder})`,
    [manifest, ...sources.map((file) => join(folder, file))],
    // Crates are unpacked in cargo's own folder, which may have been emptied since.
    () => (program ? existsSync(built) : works("cargo", ["fetch", "--offline", ...common])),
    () => {
      if (!works("cargo", ["--version"])) throw new Without("no cargo is here");
      const env = { CARGO_NET_RETRY: "1", CARGO_HTTP_TIMEOUT: "20" };
      const target = ["--target-dir", join(root, ".build", "cargo")];
      if (program) attempt("cargo", ["build", "--release", "--jobs", "2", ...common, ...target], env);
      else attempt("cargo", ["fetch", ...common], env);
    },
  );
};

export const foreignPrograms = () => {
  python();
  for (const service of readdirSync(join(root, "services")).sort()) {
    const manifest = join("services", service, "oracle", "Cargo.toml");
    if (existsSync(join(root, manifest))) rust(manifest);
  }
};
