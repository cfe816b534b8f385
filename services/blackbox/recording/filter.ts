import type { ChunkIndexRecord } from "../file/records.ts";
import type { Channel, RecordingFile } from "./file.ts";
import { fieldAt, type HeaderLayout, type Layout, vectorAt } from "./layout.ts";
import { isList, type Place, type Query, type Turns } from "./query.ts";

/** What is left to look at in the messages of one channel, once the channel itself has been chosen. */
export interface ChannelFilter {
  readonly channel: Channel;
  readonly header: HeaderLayout | undefined;
  readonly layout: Layout;
  /** Whether the header must be asked for the faction. */
  readonly asksFaction: boolean;
}

/** A query against one file: which channels, which chunks, and what to ask of each message. */
export class Filter {
  /** By channel id; undefined = not wanted. */
  readonly channels: readonly (ChannelFilter | undefined)[];
  readonly file: RecordingFile;
  readonly from: bigint;
  readonly to: bigint;
  readonly after: Place | undefined;
  /** Of the file, in the order of the recording. */
  readonly fileNumber: number;
  readonly #turn: ((turn: number) => boolean) | undefined;
  readonly #factions: ReadonlySet<bigint> | undefined;
  readonly #entities: ReadonlySet<bigint> | undefined;
  readonly #combat: Uint8Array | undefined;
  /** Some channels of the file are not wanted, so chunks without a wanted one need not be read. */
  readonly #narrow: boolean;

  constructor(
    file: RecordingFile,
    fileNumber: number,
    query: Query,
    types: ReadonlySet<string> | undefined,
    after: Place | undefined,
  ) {
    this.file = file;
    this.fileNumber = fileNumber;
    this.after = after;
    this.from = query.from ?? 0n;
    this.to = query.to ?? 1n << 64n;
    this.#turn = query.turns === undefined ? undefined : turnTest(query.turns);
    this.#factions = query.factions === undefined ? undefined : new Set(query.factions);
    this.#entities = query.entities === undefined ? undefined : new Set(query.entities);
    this.#combat = query.combat === undefined ? undefined : Buffer.from(query.combat);
    const channels: ChannelFilter[] = [];
    for (const channel of file.channels.values()) {
      const chosen = this.#choose(channel, query, types);
      if (chosen !== undefined) channels[channel.id] = chosen;
    }
    this.channels = channels;
    this.#narrow = Object.keys(channels).length < file.channels.size;
  }

  #choose(channel: Channel, query: Query, types: ReadonlySet<string> | undefined): ChannelFilter | undefined {
    if (types !== undefined && !types.has(channel.typeName)) return undefined;
    if (query.topics !== undefined && channel.topic !== undefined && !query.topics.includes(channel.topic))
      return undefined;
    const { faction } = channel;
    if (this.#factions !== undefined && faction !== undefined && !this.#factions.has(faction)) return undefined;
    const layout = channel.type?.layout ?? { header: undefined, combat: 0, entities: [] };
    const { header } = layout;
    if (header === undefined && (this.#turn !== undefined || this.#factions !== undefined)) return undefined;
    if (this.#combat !== undefined && layout.combat === 0) return undefined;
    if (this.#entities !== undefined && layout.entities.length === 0) return undefined;
    return { channel, header, layout, asksFaction: this.#factions !== undefined && faction === undefined };
  }

  /** Whether a chunk may hold anything that is wanted, by its times and channels. */
  mayHold(chunk: ChunkIndexRecord): boolean {
    if (chunk.end < this.from || chunk.start >= this.to) return false;
    if (this.after !== undefined && chunk.end < this.after.time) return false;
    const { channels } = chunk;
    // Without message indexes nothing is known of its channels.
    if (!this.#narrow || channels.length === 0) return true;
    for (let i = 0; i < channels.length; i += 10)
      if (this.channels[channels[i]! | (channels[i + 1]! << 8)] !== undefined) return true;
    return false;
  }

  /** @returns whether the payload is wanted; -1 when it is no FlatBuffer, as far as that was looked at */
  wants(filter: ChannelFilter, view: DataView, from: number, end: number): boolean | -1 {
    const { header } = filter;
    if (header !== undefined && (this.#turn !== undefined || filter.asksFaction)) {
      const at = fieldAt(view, from, end, header.entry, header.bytes);
      if (at < 0) return -1;
      if (at === 0) return false;
      if (this.#turn !== undefined && !this.#turn(view.getUint32(at + header.turn, true))) return false;
      if (filter.asksFaction && this.#factions?.has(view.getBigUint64(at + header.faction, true)) !== true)
        return false;
    }
    if (this.#combat !== undefined) {
      const at = vectorAt(view, from, end, filter.layout.combat, 1);
      if (at < 0) return -1;
      if (at === 0 || !sameText(view, at, this.#combat)) return false;
    }
    return this.#entities === undefined || this.#names(filter, view, from, end, this.#entities);
  }

  #names(filter: ChannelFilter, view: DataView, from: number, end: number, ids: ReadonlySet<bigint>): boolean | -1 {
    for (const { entry, vector } of filter.layout.entities) {
      const at = vector ? vectorAt(view, from, end, entry, 8) : fieldAt(view, from, end, entry, 8);
      if (at < 0) return -1;
      if (at === 0) {
        if (!vector && ids.has(0n)) return true;
        continue;
      }
      if (!vector) {
        if (ids.has(view.getBigUint64(at, true))) return true;
        continue;
      }
      const count = view.getUint32(at, true);
      for (let i = 0; i < count; i++) if (ids.has(view.getBigUint64(at + 4 + 8 * i, true))) return true;
    }
    return false;
  }
}

function turnTest(turns: Turns): (turn: number) => boolean {
  if (isList(turns)) {
    const wanted = new Set(turns);
    return (turn) => wanted.has(turn);
  }
  const { from = 0, to = 0xffff_ffff } = turns;
  return (turn) => turn >= from && turn <= to;
}

function sameText(view: DataView, at: number, text: Uint8Array): boolean {
  if (view.getUint32(at, true) !== text.length) return false;
  for (let i = 0; i < text.length; i++) if (view.getUint8(at + 4 + i) !== text[i]) return false;
  return true;
}
