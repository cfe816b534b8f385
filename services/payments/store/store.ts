/** Checkpoints and recordings in one SQLite file. Every blob has a digest: what comes back is what was put in, or an error. */
import { createHash } from "node:crypto";
import type { Database, Statement } from "better-sqlite3";
import { BusError } from "#bus";
import type { Checkpoint, Recording } from "#generated/payments";
import { openDatabase } from "./database.ts";

export interface NewCheckpoint {
  readonly simId: number;
  readonly label: string;
  readonly tick: number;
  readonly configHash: bigint;
  readonly stateHash: bigint;
  /** Version of the bytes, which begin with a magic of their own. */
  readonly version: number;
  readonly bytes: Uint8Array;
}

export interface StoredCheckpoint extends Checkpoint {
  readonly state: Uint8Array;
  readonly version: number;
}

export interface NewRecording {
  readonly label: string;
  readonly ticks: number;
  readonly configHash: bigint;
  readonly runHash: string;
}

export interface ListOptions {
  readonly simId?: number | null;
  /** 1 to 1000; 0 = 1000. */
  readonly limit: number;
  readonly offset: number;
}

const LIST_MAX = 1000;
const hex = (value: bigint): string => value.toString(16).padStart(16, "0");
const number64 = (text: string): bigint => BigInt(`0x${text}`);

export class Store {
  readonly #database: Database;
  readonly #now: () => number;

  private constructor(database: Database, now: () => number) {
    this.#database = database;
    this.#now = now;
  }

  /** @throws BusError payments/no-store, payments/unsupported-version */
  static open(path: string, now: () => number = Date.now): Store {
    return new Store(openDatabase(path), now);
  }

  saveCheckpoint(checkpoint: NewCheckpoint): Checkpoint {
    const { simId, label, tick, configHash, stateHash, version, bytes } = checkpoint;
    const created = this.#now();
    const { lastInsertRowid } = this.#prepare(
      `INSERT INTO checkpoints (sim_id, label, tick, config_hash, state_hash, format, digest, created_ms, bytes)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ).run(simId, label, tick, hex(configHash), hex(stateHash), version, digestOf(bytes), created, bytes);
    const id = Number(lastInsertRowid);
    return { id, simId, label, tick, configHash, stateHash, bytes: bytes.length, createdMs: BigInt(created) };
  }

  /** @throws BusError payments/not-found, payments/corrupt-state */
  loadCheckpoint(id: number): StoredCheckpoint {
    const row = this.#prepare("SELECT *, length(bytes) AS size FROM checkpoints WHERE id = ?").get(id) as
      | CheckpointRow
      | undefined;
    if (row === undefined) throw notFound("checkpoint", id);
    const state = new Uint8Array(row.bytes);
    if (digestOf(state) !== row.digest)
      throw corrupt(`checkpoint ${id} is not what was stored: its digest differs from ${row.digest.slice(0, 16)}`);
    return { ...checkpointOf(row), state, version: row.format };
  }

  /** Newest first. */
  listCheckpoints({ simId = null, limit, offset }: ListOptions): { checkpoints: Checkpoint[]; total: number } {
    const where = "WHERE (@simId IS NULL OR sim_id = @simId)";
    const rows = this.#prepare(
      `SELECT id, sim_id, label, tick, config_hash, state_hash, created_ms, length(bytes) AS size
       FROM checkpoints ${where} ORDER BY id DESC LIMIT @limit OFFSET @offset`,
    ).all({ simId, limit: limitOf(limit), offset }) as CheckpointRow[];
    const total = this.#prepare(`SELECT count(*) AS total FROM checkpoints ${where}`).get({ simId }) as {
      total: number;
    };
    return { checkpoints: rows.map(checkpointOf), total: total.total };
  }

  /** @returns whether there was one */
  deleteCheckpoint(id: number): boolean {
    return this.#prepare("DELETE FROM checkpoints WHERE id = ?").run(id).changes > 0;
  }

  /** Pages are stored in one transaction: a recording is whole or not there. */
  record(recording: NewRecording, pages: readonly Uint8Array[], events: bigint): Recording {
    const created = this.#now();
    const digest = createHash("sha256");
    for (const page of pages) digest.update(page);
    const write = this.#database.transaction((): number => {
      const { lastInsertRowid } = this.#prepare(
        `INSERT INTO recordings (label, ticks, events, config_hash, run_hash, digest, created_ms)
         VALUES (?, ?, ?, ?, ?, ?, ?)`,
      ).run(
        recording.label,
        recording.ticks,
        events,
        hex(recording.configHash),
        recording.runHash,
        digest.digest("hex"),
        created,
      );
      const id = Number(lastInsertRowid);
      const insert = this.#prepare("INSERT INTO recording_pages (recording, page, bytes) VALUES (?, ?, ?)");
      for (const [page, bytes] of pages.entries()) insert.run(id, page, bytes);
      return id;
    });
    return { ...recording, id: write(), events, createdMs: BigInt(created) };
  }

  listRecordings(): Recording[] {
    const rows = this.#prepare("SELECT * FROM recordings ORDER BY id DESC LIMIT ?").all(LIST_MAX) as RecordingRow[];
    return rows.map(recordingOf);
  }

  /** @throws BusError payments/not-found, payments/corrupt-state */
  readRecording(id: number): { recording: Recording; pages: Uint8Array[] } {
    const row = this.#prepare("SELECT * FROM recordings WHERE id = ?").get(id) as RecordingRow | undefined;
    if (row === undefined) throw notFound("recording", id);
    const rows = this.#prepare("SELECT bytes FROM recording_pages WHERE recording = ? ORDER BY page").all(id) as {
      bytes: Buffer;
    }[];
    const pages = rows.map(({ bytes }) => new Uint8Array(bytes));
    const digest = createHash("sha256");
    for (const page of pages) digest.update(page);
    if (digest.digest("hex") !== row.digest) throw corrupt(`recording ${id} is not what was stored`);
    return { recording: recordingOf(row), pages };
  }

  /** @returns whether there was one */
  deleteRecording(id: number): boolean {
    return this.#prepare("DELETE FROM recordings WHERE id = ?").run(id).changes > 0;
  }

  /** Safe to call twice. */
  close(): void {
    this.#database.close();
  }

  readonly #statements = new Map<string, Statement>();
  #prepare(sql: string): Statement {
    let statement = this.#statements.get(sql);
    if (statement === undefined) this.#statements.set(sql, (statement = this.#database.prepare(sql)));
    return statement;
  }
}

interface CheckpointRow {
  readonly id: number;
  readonly sim_id: number;
  readonly label: string;
  readonly tick: number;
  readonly config_hash: string;
  readonly state_hash: string;
  readonly format: number;
  readonly digest: string;
  readonly created_ms: number;
  readonly bytes: Buffer;
  readonly size: number;
}
interface RecordingRow {
  readonly id: number;
  readonly label: string;
  readonly ticks: number;
  readonly events: number;
  readonly config_hash: string;
  readonly run_hash: string;
  readonly digest: string;
  readonly created_ms: number;
}

const checkpointOf = (row: CheckpointRow): Checkpoint => ({
  id: row.id,
  simId: row.sim_id,
  label: row.label,
  tick: row.tick,
  configHash: number64(row.config_hash),
  stateHash: number64(row.state_hash),
  bytes: row.size,
  createdMs: BigInt(row.created_ms),
});

const recordingOf = (row: RecordingRow): Recording => ({
  id: row.id,
  label: row.label,
  ticks: row.ticks,
  events: BigInt(row.events),
  configHash: number64(row.config_hash),
  runHash: row.run_hash,
  createdMs: BigInt(row.created_ms),
});

const digestOf = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const limitOf = (limit: number): number => (limit === 0 ? LIST_MAX : Math.min(limit, LIST_MAX));
const notFound = (what: string, value: number): BusError =>
  new BusError("payments/not-found", { details: { what, value } });
export const corrupt = (reason: string): BusError => new BusError("payments/corrupt-state", { details: { reason } });
