import { BusError, type CommandCall } from "#bus";
import { open, type Recording } from "../recording/recording.ts";

/** Places that are told one by one. */
const TOLD_MAX = 20;

/** Damage that a command met: what is shown is what can be read, which must not look like all there was. */
export class Readable implements AsyncDisposable {
  readonly recording: Recording;
  readonly #damage: Damage;

  private constructor(recording: Recording, damage: Damage) {
    this.recording = recording;
    this.#damage = damage;
  }

  /** Opens a recording that may be damaged or cut off, and says what of it is. @throws BusError as `open` */
  static async open(call: CommandCall, path: string): Promise<Readable> {
    const damage = new Damage(call);
    const recording = await open(path, { onDamage: damage.tell });
    noteCutOff(call, recording);
    return new Readable(recording, damage);
  }

  get tell(): (fault: BusError) => void {
    return this.#damage.tell;
  }

  /** Nothing was left out so far. */
  get isWhole(): boolean {
    return this.#damage.isNone;
  }

  /**
   * At the end. @returns exit code: 1 when something was left out
   * @throws BusError blackbox/unreadable in its place with --json, where notes are not printed
   */
  result(): number | undefined {
    return this.#damage.result();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.recording.close();
  }
}

class Damage {
  readonly #call: CommandCall;
  /** A place is met each time that it is read. */
  readonly #told = new Map<string, BusError>();

  constructor(call: CommandCall) {
    this.#call = call;
  }

  readonly tell = (fault: BusError): void => {
    const { message } = fault;
    if (this.#told.has(message)) return;
    this.#told.set(message, fault);
    if (this.#told.size <= TOLD_MAX) this.#call.note(`${message}; left out`);
  };

  get isNone(): boolean {
    return this.#told.size === 0;
  }

  result(): number | undefined {
    const places = this.#told.size;
    if (places === 0) return undefined;
    if (this.#call.json) throw this.#asError();
    const more = places > TOLD_MAX ? ` (${places - TOLD_MAX} of them not named here)` : "";
    this.#call.note(
      `${places} place${places === 1 ? "" : "s"} could not be read${more}: this is the rest; see busbar log recover, which says what is missing`,
    );
    return 1;
  }

  #asError(): BusError {
    const [first, ...others] = this.#told.values();
    const { code, details } = first!;
    const rest = `${others.length === 0 ? "it" : `it and ${others.length} more places`} left out, the rest is shown; busbar log recover says what is missing`;
    return new BusError(code, {
      details: {
        ...details,
        problem: `${details.problem}; ${rest}`,
        places: [...this.#told.keys()].slice(0, TOLD_MAX),
      },
    });
  }
}

/** Says that files end in the middle. */
export const noteCutOff = (call: CommandCall, { files }: Recording): void => {
  const cut = files.filter(({ complete }) => !complete).map(({ path }) => path);
  if (cut.length === 0) return;
  const names = `${cut.slice(0, 3).join(", ")}${cut.length > 3 ? ` and ${cut.length - 3} more` : ""}`;
  const verb = cut.length === 1 ? "ends" : "end";
  call.note(
    `${names} ${verb} in the middle (being written, or cut off): this is what can be read; see busbar log recover`,
  );
};
