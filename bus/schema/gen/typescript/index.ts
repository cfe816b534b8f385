import type { Language } from "../output.ts";
import { type FileOptions, indexFile, namespaceFile, schemaFile } from "./file.ts";
import { fileOf, namespaceOf } from "./scope.ts";

export interface TypeScriptOptions {
  /** Module that has the codec: "#schema" in this repository, "busbar/schema" elsewhere. */
  readonly importPath: string;
  /** How generated files name each other. */
  readonly extension: ".ts" | ".js";
}

/** One file per namespace, the binary schema, and an index. */
export const typescript: Language<TypeScriptOptions> = {
  name: "typescript",
  files({ schema, lock }, { importPath, extension }) {
    const options: FileOptions = { schema, types: lock.types, importPath, extension };
    const names = [...schema.objects, ...schema.enums, ...schema.services].map(({ name }) => namespaceOf(name));
    const namespaces = [...new Set(names)].sort();
    return new Map([
      ...namespaces.map((namespace) => [`${fileOf(namespace)}.ts`, namespaceFile(options, namespace)] as const),
      ["schema-data.ts", schemaFile(lock.bfbs)] as const,
      ["index.ts", indexFile(options, namespaces)] as const,
    ]);
  },
};
