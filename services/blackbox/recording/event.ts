import type { JsonObject } from "#schema";
import { whole } from "../file/halves.ts";
import { MESSAGE_HEAD_BYTES } from "../file/records.ts";
import type { Channel, RecordingFile } from "./file.ts";
import { fieldAt } from "./layout.ts";
import { cursorOf, type Place } from "./query.ts";

/** One recorded message. What it says is decoded when it is asked for. */
export class RecordedEvent {
  readonly channel: Channel;
  /** Bytes on the bus, in place: an event that is kept keeps its chunk. */
  readonly payload: Uint8Array;
  readonly file: RecordingFile;
  readonly #view: DataView;
  readonly #at: number;
  readonly #timeHigh: number;
  readonly #timeLow: number;
  readonly #sequenceHigh: number;
  readonly #sequenceLow: number;
  readonly #fileNumber: number;
  readonly #chunk: number;

  constructor(
    file: RecordingFile,
    channel: Channel,
    view: DataView,
    at: number,
    length: number,
    halves: readonly [number, number, number, number],
    fileNumber: number,
    chunk: number,
  ) {
    this.file = file;
    this.channel = channel;
    this.payload = new Uint8Array(view.buffer, view.byteOffset + at, length);
    this.#view = view;
    this.#at = at;
    [this.#timeHigh, this.#timeLow, this.#sequenceHigh, this.#sequenceLow] = halves;
    this.#fileNumber = fileNumber;
    this.#chunk = chunk;
  }

  /** Full name. */
  get type(): string {
    return this.channel.typeName;
  }
  /** ns; simulated, or since 1970 where nothing simulated was recorded. */
  get time(): bigint {
    return whole(this.#timeHigh, this.#timeLow);
  }
  get sequence(): bigint {
    return whole(this.#sequenceHigh, this.#sequenceLow);
  }
  /** ns since 1970, sender's clock. */
  get published(): bigint {
    return this.#view.getBigUint64(this.#at - MESSAGE_HEAD_BYTES + 14, true);
  }
  /** Bus topic; undefined when it was not kept. */
  get topic(): string | undefined {
    return this.channel.topic;
  }
  /** Undefined for messages without a header. */
  get turn(): number | undefined {
    const at = this.#header();
    return at === 0 ? undefined : this.#view.getUint32(at + this.channel.type!.layout.header!.turn, true);
  }
  /** Undefined for messages without a header; 0 = no faction's. */
  get faction(): bigint | undefined {
    const at = this.#header();
    return at === 0 ? undefined : this.#view.getBigUint64(at + this.channel.type!.layout.header!.faction, true);
  }

  /** Whether `sequence` is its publisher's; else it is the recorder's own count. */
  get isCounted(): boolean {
    const at = this.#header();
    return at !== 0 && this.#view.getBigUint64(at + this.channel.type!.layout.header!.sequence, true) !== 0n;
  }

  /** Where a query goes on behind this event. */
  get cursor(): string {
    return cursorOf(this.place);
  }
  get place(): Place {
    const { time, sequence } = this;
    return { time, sequence, file: this.#fileNumber, chunk: this.#chunk, at: this.#at };
  }

  /** The message as canonical JSON: 64-bit numbers as text, enums by name. @throws BusError wire/malformed-payload */
  value(): JsonObject {
    const { type } = this.channel;
    return type === undefined ? { $base64: Buffer.from(this.payload).toString("base64") } : type.json(this.payload);
  }

  /** Why the payload is no message of its type; undefined when it is one, or when nothing is known of the type. */
  fault(): string | undefined {
    return this.channel.type?.fault(this.payload);
  }

  toJSON(): JsonObject {
    const { topic } = this;
    return {
      type: this.type,
      time: String(this.time),
      sequence: String(this.sequence),
      published: String(this.published),
      ...(topic === undefined || topic === "" ? {} : { topic }),
      value: this.value(),
    };
  }

  /** @returns where the header lies, 0 when there is none */
  #header(): number {
    const header = this.channel.type?.layout.header;
    if (header === undefined) return 0;
    return Math.max(0, fieldAt(this.#view, this.#at, this.#at + this.payload.length, header.entry, header.bytes));
  }
}
