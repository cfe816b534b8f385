import { canonicalJson } from "#schema";
import { goOn, type Work } from "../care/progress.ts";
import type { Query } from "../recording/query.ts";
import type { Recording } from "../recording/recording.ts";

/** Where text or bytes go, a part at a time. */
export type Write = (part: string | Uint8Array) => Promise<void>;

/** One JSON object per line, in the order of (time, sequence). @returns how many */
export async function exportJsonLines(recording: Recording, query: Query, write: Write, work?: Work): Promise<number> {
  const total = Math.max(1, (await recording.stats()).messages);
  let count = 0;
  for await (const batch of recording.batches(query)) {
    goOn(work, Math.min(1, count / total));
    count += batch.length;
    await write(`${batch.map((event) => canonicalJson(event.toJSON())).join("\n")}\n`);
  }
  return count;
}
