import type { ChunkIndexRecord } from "./records.ts";
import type { Source } from "./source.ts";

/** What is read at once: eight of the writer's chunks with their indexes. */
const PIECE_BYTES = 1024 * 1024;

/** Chunks that lie in one piece of the file. */
interface Piece {
  readonly from: number;
  readonly bytes: number;
  /** Of the first chunk behind it. */
  readonly end: number;
}
type Read = { readonly piece: Piece; readonly bytes: Promise<Uint8Array | undefined> };

/**
 * Chunk records front to back, many to a read, the next piece under way while its neighbour is worked on. Memory: two pieces
 * of 1 MiB; a larger chunk is not read.
 */
export class ChunksAhead {
  readonly #source: Source;
  readonly #chunks: readonly Pick<ChunkIndexRecord, "offset" | "length">[];
  readonly #memory = [new Uint8Array(PIECE_BYTES), new Uint8Array(PIECE_BYTES)];
  #now: Read | undefined;
  #next: Read | undefined;

  constructor(source: Source, chunks: readonly Pick<ChunkIndexRecord, "offset" | "length">[]) {
    this.#source = source;
    this.#chunks = chunks;
  }

  /**
   * Bytes of a chunk record, valid until the next call. Chunks are asked for in order, each once.
   * @returns undefined when they were not read together with their neighbours: read this one alone, to learn why
   */
  async bytes(number: number): Promise<Uint8Array | undefined> {
    if (this.#now === undefined || number >= this.#now.piece.end) {
      this.#now = this.#next ?? this.#read(number);
      const { end } = this.#now.piece;
      // The other memory is free: nobody works on the piece before this one any more.
      this.#next = end < this.#chunks.length ? this.#read(end) : undefined;
    }
    const { offset, length } = this.#chunks[number]!;
    const { piece, bytes } = this.#now;
    return (await bytes)?.subarray(offset - piece.from, offset - piece.from + length);
  }

  /** No read is under way any more. */
  async settled(): Promise<void> {
    await Promise.all([this.#now?.bytes, this.#next?.bytes]);
  }

  #read(first: number): Read {
    const piece = this.#piece(first);
    this.#memory.reverse();
    if (piece.bytes > PIECE_BYTES) return { piece, bytes: Promise.resolve(undefined) };
    return { piece, bytes: this.#source.read(piece.from, piece.bytes, this.#memory[0]).catch(() => undefined) };
  }

  #piece(first: number): Piece {
    const { offset: from, length } = this.#chunks[first]!;
    let bytes = length;
    let end = first + 1;
    for (; end < this.#chunks.length; end++) {
      const { offset, length } = this.#chunks[end]!;
      if (offset < from || offset + length - from > PIECE_BYTES) break;
      bytes = Math.max(bytes, offset + length - from);
    }
    return { from, bytes, end };
  }
}
