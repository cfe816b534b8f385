/** Lines of one generated function, and which arrays of its Memory they use. */
export class Code {
  readonly #lines: string[] = [];
  readonly #arrays = new Set<string>();
  readonly #imports: Set<string>;

  /** @param imports where the helpers that the code calls are noted */
  constructor(imports: Set<string>) {
    this.#imports = imports;
  }

  line(text: string): void {
    this.#lines.push(text);
  }

  /** Notes that the code calls a helper of the codec. */
  call(name: string): string {
    this.#imports.add(name);
    return name;
  }

  array(name: string): string {
    this.#arrays.add(name);
    return name;
  }

  /** The body; arrays of `memory` come first as locals. */
  body(memory = "m"): string {
    const arrays = [...this.#arrays].sort().join(", ");
    const head = arrays === "" ? [] : [`const { ${arrays} } = ${memory};`];
    return [...head, ...this.#lines].map((line) => `  ${line}\n`).join("");
  }
}
