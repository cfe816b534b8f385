import { execFile } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { gen } from "#schema/gen";

const root = fileURLToPath(new URL("../../", import.meta.url));
const run = promisify(execFile);

interface Block {
  /** Page and line, for whoever has to mend it. */
  readonly place: string;
  readonly code: string;
}

const pages = ["README.md", ...readdirSync(join(root, "docs")).map((name) => `docs/${name}`)].filter((page) =>
  page.endsWith(".md"),
);

const blocksOf = (page: string): Block[] => {
  const blocks: Block[] = [];
  const text = readFileSync(join(root, page), "utf8");
  for (const match of text.matchAll(/^```ts\n(.*?)^```$/gms)) {
    blocks.push({ place: `${page}:${text.slice(0, match.index).split("\n").length + 1}`, code: match[1] });
  }
  return blocks;
};

/** A whole module stays as it is; a piece of a service gets what a service has. */
const moduleOf = ({ place, code }: Block): string => {
  const text = code
    .replaceAll("…", "")
    .replace(/(["'])(?:\.\.?\/)+generated\/([\w-]+)\.[jt]s\1/g, '"./generated/$2.ts"');
  if (/^import /m.test(text)) return `// ${place}\n${text}`;
  return `// ${place}
import { type Bus, BusError, type ServiceContext } from "busbar";
import { Greeted, Greeter } from "./generated/hello.ts";
import { Reading, Stations } from "./generated/weather.ts";
declare const bus: Bus;
declare const ctx: ServiceContext;
declare const name: string;
export const used: unknown[] = [bus, ctx, name, BusError, Greeted, Greeter, Reading, Stations];
export async function piece(): Promise<void> {
${text}
}
`;
};

test("every ts block of README.md and docs/ compiles against the doors of the package", async () => {
  const folder = mkdtempSync(join(tmpdir(), "busbar-docs-"));
  try {
    await gen({
      schemaDir: join(root, "test/docs/schema"),
      typescriptDir: join(folder, "generated"),
      typescriptExtension: ".ts",
      lockFile: join(folder, "schema.lock"),
    });
    const blocks = pages.flatMap(blocksOf);
    expect(blocks.length).toBeGreaterThan(5);
    for (const [i, block] of blocks.entries()) writeFileSync(join(folder, `block-${i}.ts`), moduleOf(block));
    const doors = {
      busbar: "bus/index.ts",
      "busbar/schema": "bus/schema/index.ts",
      "busbar/testing": "bus/testing.ts",
      "busbar/services/*": "services/*/index.ts",
    };
    mkdirSync(join(folder, "node_modules"));
    if (existsSync(join(root, "node_modules/@types"))) {
      symlinkSync(join(root, "node_modules/@types"), join(folder, "node_modules/@types"));
    }
    const options = {
      extends: join(root, "tsconfig.json"),
      compilerOptions: {
        rootDir: "/",
        module: "nodenext",
        moduleResolution: "nodenext",
        allowImportingTsExtensions: true,
        rewriteRelativeImportExtensions: false,
        isolatedDeclarations: false,
        declaration: false,
        noUnusedLocals: false,
        noUnusedParameters: false,
        types: ["node"],
        paths: Object.fromEntries(Object.entries(doors).map(([door, file]) => [door, [join(root, file)]])),
      },
      include: ["block-*.ts"],
    };
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(options));
    const tsc = join(root, "node_modules/typescript/bin/tsc");
    const output = await run(process.execPath, [tsc, "-p", folder, "--pretty", "false"], { cwd: folder }).then(
      () => "",
      (error: { stdout: string; stderr: string }) => error.stdout + error.stderr,
    );
    // Faults of blocks only: what the doors lead to is checked with the repository.
    const faults = output
      .split("\n")
      .filter((line) => /^block-\d+\.ts|^error/.test(line))
      .map((line) => line.replace(/^block-(\d+)\.ts/, (_, i: string) => blocks[Number(i)].place));
    expect(faults).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 120_000);
