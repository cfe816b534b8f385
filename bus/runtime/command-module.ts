/** The door through which services add commands to `busbar`: what a command says of itself, and what it is given. */

/** Something about a command that its user writes. */
export interface CommandOption {
  /** As in commander: "--limit <n>", "--json-lines", "-o, --out <path>". */
  readonly flags: string;
  readonly description: string;
}

/** One command, or a group of them. Plain data and one function, so that the command line may be replaced. */
export interface CommandSpec {
  readonly name: string;
  readonly description: string;
  /** "<file>", "[type]", "<files...>", with what they are. */
  readonly arguments?: Readonly<Record<string, string>>;
  readonly options?: readonly CommandOption[];
  readonly examples?: readonly string[];
  /** Of a group; a group has no `run`. */
  readonly commands?: readonly CommandSpec[];
  run?(call: CommandCall): Promise<number | undefined>;
}

/** What a command is called with. */
export interface CommandCall {
  /** In order; the arguments of "<files...>" one after another. */
  readonly args: readonly string[];
  /** By long name in camelCase: text, or true for flags. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly json: boolean;
  /** Aborted by Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal;
  /** The result: one JSON value with --json, else the text. */
  print(value: unknown, text: string): void;
  /** A part of a long result, as it is; resolves when there is room for more. */
  write(text: string | Uint8Array): Promise<void>;
  /** Something beside the result, on standard error; nothing with --json. */
  note(text: string): void;
  /** How far long work is, 0..1: one line that is drawn again on a terminal, nothing elsewhere. */
  progress(share: number, text: string): void;
  /** The next line of standard input; undefined at its end. */
  line(): Promise<string | undefined>;
  /** @throws BusError topology/not-found */
  topologyPath(): string;
}

/** What a module that package.json names under busbar.commands exports. Wrong use of a command is BusError runtime/usage. */
export type CommandModule = { readonly default: CommandSpec };
