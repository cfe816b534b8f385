/** A process with records, made by hand: for tests of whoever shows telemetry. */
import { BusError } from "#wire";
import { FIELDS, Flag, HEADER, RECORD_BYTES, type TelemetryField } from "./layout.ts";
import { type FindSources, ReadStatus, type RecordEntry, type RecordMemory, type TelemetrySource } from "./source.ts";

/** A record that a test writes; it does nothing by itself. */
export class ManualRecord {
  readonly bytes: ArrayBuffer = new ArrayBuffer(RECORD_BYTES);
  /** What the next looks give. */
  status: ReadStatus = ReadStatus.ok;
  gone = false;
  opened = 0;

  constructor() {
    this.set({});
  }

  /** One update. */
  set(values: Partial<Record<TelemetryField, number | bigint>>): void {
    const view = new DataView(this.bytes);
    for (const [name, value] of Object.entries(values)) {
      const { offset, bits } = FIELDS[name as TelemetryField];
      if (bits === 64) view.setBigUint64(offset, BigInt(value), true);
      else view.setUint32(offset, Number(value), true);
    }
    view.setBigUint64(HEADER.sequence, view.getBigUint64(HEADER.sequence, true) + 2n, true);
  }

  end(): void {
    this.set({});
    new DataView(this.bytes).setUint32(HEADER.flags, Flag.ended, true);
  }

  open(): RecordMemory {
    this.opened++;
    const copy = new ArrayBuffer(RECORD_BYTES);
    return {
      copy,
      read: () => {
        if (this.status !== ReadStatus.stale) new Uint8Array(copy).set(new Uint8Array(this.bytes));
        return this.status;
      },
      gone: () => this.gone,
      close: () => {
        this.opened--;
      },
    };
  }
}

export class ManualSource implements TelemetrySource {
  readonly process: string;
  readonly pid: number;
  readonly records: Map<string, ManualRecord> = new Map();
  isGone = false;
  /** What the next question is answered with instead of the list. */
  fault: BusError | undefined;
  /** Records that cannot be mapped. */
  readonly unmappable: Set<string> = new Set();

  constructor(process: string, pid = 4711) {
    this.process = process;
    this.pid = pid;
  }

  add(service: string): ManualRecord {
    const record = new ManualRecord();
    this.records.set(service, record);
    return record;
  }

  gone(): boolean {
    return this.isGone;
  }

  list(): Promise<readonly RecordEntry[]> {
    if (this.fault !== undefined) return Promise.reject(this.fault);
    const open = (service: string, record: ManualRecord): RecordMemory => {
      if (!this.unmappable.has(service)) return record.open();
      throw new BusError("telemetry/malformed", {
        details: { peer: this.process, reason: `${service} cannot be mapped` },
      });
    };
    const entries = [...this.records].map(([service, record], slot) => ({
      service,
      slot,
      open: () => open(service, record),
    }));
    return Promise.resolve(entries);
  }

  close(): void {}
}

/** Each source is found once, as real ones are. Push to `sources` what starts later. */
export const manualSources = (sources: ManualSource[]): FindSources => {
  const found = new Set<ManualSource>();
  return () => {
    const fresh = sources.filter((source) => !found.has(source));
    for (const source of fresh) found.add(source);
    return Promise.resolve(fresh);
  };
};
