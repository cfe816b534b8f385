/**
 * The layout of a telemetry record, as schema/service/telemetry/record.json has it; a test compares them. All integers are
 * little-endian, offsets in bytes. Twins: native/include/busbar_telemetry.h, services/telemetry/python.
 */

/** "VOIDRECK" */
export const TELEMETRY_MAGIC = 0x564f49445245434bn;
export const TELEMETRY_VERSION = 1;
export const HEADER_BYTES = 32;
/** Of this version; later ones may have more behind them. */
export const DATA_BYTES = 80;
export const RECORD_BYTES: number = HEADER_BYTES + DATA_BYTES;
/** Looks of one read that may meet a write. */
export const TRIES_MAX = 64;

export const HEADER = { magic: 0, version: 8, crc32: 12, sequence: 16, dataSize: 24, flags: 28 } as const;

/** crc: `crc32` holds that of the data. ended: the writer closed the record, nothing follows. */
export const Flag = { crc: 1, ended: 2 } as const;

/** counter: the writer adds to it. gauge: it stores the value of now. */
export const FIELDS = {
  totalCombats: { offset: 32, bits: 64, kind: "counter" },
  activeCombats: { offset: 40, bits: 32, kind: "gauge" },
  totalDamageDealt: { offset: 48, bits: 64, kind: "counter" },
  totalDamageReceived: { offset: 56, bits: 64, kind: "counter" },
  unitsDestroyed: { offset: 64, bits: 32, kind: "counter" },
  simulationFps: { offset: 72, bits: 32, kind: "gauge" },
  averageTickTimeUs: { offset: 76, bits: 32, kind: "gauge" },
  peakTickTimeUs: { offset: 80, bits: 32, kind: "gauge" },
  memoryUsageMb: { offset: 84, bits: 32, kind: "gauge" },
  totalEntities: { offset: 88, bits: 64, kind: "gauge" },
  fleets: { offset: 96, bits: 32, kind: "gauge" },
  planets: { offset: 100, bits: 32, kind: "gauge" },
  units: { offset: 104, bits: 32, kind: "gauge" },
} as const;

export type TelemetryField = keyof typeof FIELDS;
