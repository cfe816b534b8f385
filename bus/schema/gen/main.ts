import { parseArgs } from "node:util";
import { BusError } from "#wire";
import { gen } from "./index.ts";

const { values } = parseArgs({
  options: {
    schema: { type: "string", default: "schema" },
    ts: { type: "string" },
    import: { type: "string" },
    extension: { type: "string" },
    cpp: { type: "string" },
    errors: { type: "string" },
    "errors-page": { type: "string" },
    lock: { type: "string" },
    check: { type: "boolean", default: false },
    "allow-breaking": { type: "boolean", default: false },
  },
});
try {
  const importPath = values.import;
  const report = await gen({
    schemaDir: values.schema,
    check: values.check,
    allowBreaking: values["allow-breaking"],
    ...(values.ts === undefined ? {} : { typescriptDir: values.ts }),
    ...(importPath === undefined ? {} : { typescriptImport: importPath }),
    typescriptExtension: (values.extension ?? (importPath?.startsWith("#") ? ".ts" : ".js")) === ".ts" ? ".ts" : ".js",
    ...(values.cpp === undefined ? {} : { cppDir: values.cpp }),
    ...(values.errors === undefined ? {} : { errorsFile: values.errors }),
    ...(values["errors-page"] === undefined ? {} : { errorsPage: values["errors-page"] }),
    ...(values.lock === undefined ? {} : { lockFile: values.lock }),
  });
  for (const warning of report.warnings) process.stderr.write(`warning: ${warning}\n`);
  for (const path of report.written) process.stdout.write(`wrote ${path}\n`);
  for (const path of report.removed) process.stdout.write(`removed ${path}\n`);
  process.stdout.write(`${report.types.length} types, ${report.unchanged.length} files unchanged\n`);
} catch (error) {
  process.stderr.write(`${error instanceof BusError ? error.message : String((error as Error).stack ?? error)}\n`);
  process.exitCode = 1;
}
