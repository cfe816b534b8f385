/** Snapshots of a world in files: save and load. */
import { BusError, type Client } from "#bus";
import type { Ecs, SnapshotPart, SnapshotPartInit } from "#generated/ecs";
import { toWire } from "../frame/wire.ts";
import { WorkerCalls } from "../worker/calls.ts";
import { type ImageMeta, type ImagePart, metaFromWire, metaToWire, PARTS_FORMAT, rowsFromWire } from "./image.ts";

export interface SnapshotInfo {
  /** State hash: a world that is loaded from the file has it again. */
  readonly hash: bigint;
  readonly step: bigint;
  readonly entities: number;
}

export interface SaveOptions {
  /**
   * `version` of any answer that the caller has had. A service that is behind it was started anew and does not have that state: it is
   * ecs/conflict, and the former file stays.
   */
  readonly after?: bigint;
}

export interface LoadOptions {
  /** ms since 1970. Default Date.now. */
  readonly now?: () => number;
}

/** Versions that a service may give out in a millisecond before those of the next life could be taken for them: 2^20. */
const VERSION_BITS = 20n;

const openWorker = (): WorkerCalls => new WorkerCalls(new URL("./worker.js", import.meta.url));

/**
 * Saves the whole state into an SQLite file (services.md, 5.4; `store/layout.ts`). The file is written beside `path` and renamed, so
 * that `path` is at any time the former snapshot or this one, whole. The work is done on a thread of its own.
 * @param ecs `world.ecs`, or `bus.client(Ecs)`
 * @throws (rejects) BusError ecs/no-store when better-sqlite3 is missing or the file cannot be written; ecs/conflict, see `after`;
 *   errors of the request
 */
export async function saveSnapshot(
  ecs: Client<typeof Ecs>,
  path: string,
  { after = 0n }: SaveOptions = {},
): Promise<SnapshotInfo> {
  await using worker = openWorker();
  await worker.call("create", path);
  try {
    let meta: ImageMeta | undefined;
    let done = false;
    const texts = { length: 0 };
    // One part is written while the next one is on its way.
    let writing: Promise<unknown> = Promise.resolve();
    for await (const part of ecs.snapshot({})) {
      await writing;
      if (part.meta !== null) {
        meta = checkFormat(path, metaFromWire(part.meta));
        checkLife(path, meta.version, after);
        writing = worker.call("meta", meta);
      } else if (part.rows !== null) writing = worker.call("rows", rowsFromWire(part.rows, texts));
      else if (part.texts.length > 0) {
        texts.length += part.texts.length;
        writing = worker.call("texts", part.texts);
      }
      writing.catch(() => {});
      done ||= part.done;
    }
    await writing;
    if (meta === undefined || !done) throw corrupt("the service did not send all of it");
    await worker.call("finish", undefined);
    return infoOf(meta);
  } catch (error) {
    await worker.call("abort", undefined);
    throw error;
  }
}

/**
 * Replaces the whole state by that of a file. Until all of it has been read and checked, the service keeps what it has. Versions go on
 * from the time of loading, so that what was read in a former life of the service is never taken for current (ecs/conflict).
 * @throws (rejects) BusError ecs/bad-file (damaged, or of another program), ecs/unsupported-format (written by another version),
 * ecs/no-store; ecs/corrupt-state when the service refuses what it says
 */
export async function loadSnapshot(
  ecs: Client<typeof Ecs>,
  path: string,
  { now = Date.now }: LoadOptions = {},
): Promise<SnapshotInfo> {
  await using worker = openWorker();
  const meta = await worker.call<ImageMeta>("open", path);
  let restore = 0n;
  const send = async (part: SnapshotPartInit): Promise<bigint | undefined> => {
    const reply = await ecs.restore({ restore, parts: [part] });
    restore = reply.restore;
    return reply.done ? reply.hash : undefined;
  };
  const life = BigInt(Math.floor(now())) << VERSION_BITS;
  await send({ meta: metaToWire({ ...meta, version: life > meta.version ? life : meta.version }) });
  for (;;) {
    const part = await worker.call<ImagePart | undefined>("next", undefined);
    if (part === undefined) break;
    if ("texts" in part) {
      await send({ texts: part.texts });
      continue;
    }
    const { rows } = part;
    await send({ rows: { ...rows, first: BigInt(rows.first), columns: rows.columns.map(toWire) } });
  }
  const hash = await send({ done: true, hash: meta.hash } satisfies Partial<SnapshotPart>);
  if (hash !== meta.hash) throw corrupt(`${path} restores to hash ${hash}, it says ${meta.hash}`);
  await worker.call("close", undefined);
  return infoOf(meta);
}

function checkFormat(path: string, meta: ImageMeta): ImageMeta {
  if (meta.format === PARTS_FORMAT) return meta;
  throw new BusError("ecs/unsupported-format", { details: { path, theirs: meta.format, ours: PARTS_FORMAT } });
}

function checkLife(path: string, version: bigint, after: bigint): void {
  if (version >= after) return;
  const problem = `the service is at version ${version}, the caller has seen ${after}; load the last snapshot first`;
  throw new BusError("ecs/conflict", { details: { what: `saving ${path}`, problem } });
}

const infoOf = ({ hash, step, tables }: ImageMeta): SnapshotInfo => ({
  hash,
  step,
  entities: tables.reduce((sum, { rows }) => sum + rows, 0),
});

const corrupt = (reason: string): BusError => new BusError("ecs/corrupt-state", { details: { reason } });
