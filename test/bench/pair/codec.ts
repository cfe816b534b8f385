/** The peers' codec: msgpackr with the field names shared beforehand, its fastest way. */
import { Packr } from "msgpackr";
import { ASK, makeTick, sink, TICK_KEYS, type Workload, type WorkloadName, workloadOf } from "./workloads.ts";

/** What a peer's reader does with the bytes of a message. */
export type Handle = (bytes: Buffer, start: number, end: number) => void;

export interface Codec {
  readonly workload: Workload;
  pack(seq: number): Buffer;
  /** Handles messages as `handler` of the consumer: decodes, reads every field, answers when asked. */
  reader(answer: (bytes: Buffer) => void): Handle;
  /** Count in an answer. */
  counted(bytes: Buffer, start: number, end: number): number;
}

const packrOf = (workload: Workload): Packr =>
  new Packr({
    structures: workload.keys === TICK_KEYS ? [[...TICK_KEYS]] : ([[...workload.keys], [...TICK_KEYS]] as never),
  });

/** `bare`: bytes of the same size without a codec; the reader looks at one word. */
export const codecOf = (name: WorkloadName, bare: boolean): Codec => {
  const workload = workloadOf(name);
  return bare ? bareCodec(workload) : packedCodec(workload);
};

const packedCodec = (workload: Workload): Codec => {
  const packr = packrOf(workload);
  const { make, readObject } = workload;
  const range = { start: 0, end: 0 };
  const unpack = (bytes: Buffer, start: number, end: number): { seq: number } => {
    range.start = start;
    range.end = end;
    return packr.unpack(bytes, range as never);
  };
  return {
    workload,
    pack: (seq) => packr.pack(make(seq)),
    reader(answer) {
      let handled = 0;
      return (bytes, start, end) => {
        const message = unpack(bytes, start, end);
        handled++;
        sink[0] += readObject(message as never);
        if (message.seq === ASK) answer(packr.pack(makeTick(handled)));
      };
    },
    counted: (bytes, start, end) => unpack(bytes, start, end).seq,
  };
};

const bareCodec = (workload: Workload): Codec => {
  const make = (word: number): Buffer => {
    const bytes = Buffer.alloc(workload.bytes, 1);
    bytes.writeUInt32LE(word);
    return bytes;
  };
  const plain = make(0);
  const asking = make(ASK);
  return {
    workload,
    pack: (seq) => (seq === ASK ? asking : plain),
    reader(answer) {
      let handled = 0;
      return (bytes, start) => {
        handled++;
        if (bytes.readUInt32LE(start) === ASK) answer(make(handled));
      };
    },
    counted: (bytes, start) => bytes.readUInt32LE(start),
  };
};
