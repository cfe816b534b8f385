import { type ChunkIndexRecord, MESSAGE_HEAD_BYTES, RECORD_HEAD_BYTES } from "../file/records.ts";
import type { CopiedMessage } from "../file/writer.ts";
import { RecordedEvent } from "../recording/event.ts";
import type { RecordingFile } from "../recording/file.ts";
import { Filter } from "../recording/filter.ts";
import { Selection } from "../recording/selection.ts";

/** A filter that lets everything pass. */
export const everything = (file: RecordingFile): Filter => new Filter(file, 0, {}, undefined, undefined);

/** All messages of a chunk in the order of the file. @throws BusError blackbox/unreadable */
export function messagesOf(
  filter: Filter,
  chunk: Pick<ChunkIndexRecord, "offset" | "start" | "end">,
  records: Uint8Array,
): RecordedEvent[] {
  const events: RecordedEvent[] = [];
  const selection = new Selection(filter, chunk.offset, records, chunk.start, chunk.end, false);
  for (; selection.left > 0; selection.advance()) {
    const { view, place } = selection;
    const { channel } = filter.channels[view.getUint16(place - MESSAGE_HEAD_BYTES, true)]!;
    events.push(
      new RecordedEvent(
        filter.file,
        channel,
        view,
        place,
        selection.length,
        [selection.timeHigh, selection.timeLow, selection.sequenceHigh, selection.sequenceLow],
        0,
        chunk.offset,
      ),
    );
  }
  return events;
}

/** What the writer wants to know of a message that it copies. */
export const copied = (event: RecordedEvent): CopiedMessage => ({
  channel: event.channel.id,
  turn: event.turn,
  sequence: event.sequence,
  time: event.time,
  type: event.type,
  offset: event.place.at - MESSAGE_HEAD_BYTES - RECORD_HEAD_BYTES,
});
