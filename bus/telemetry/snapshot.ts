import { FIELDS, HEADER, RECORD_BYTES, type TelemetryField } from "./layout.ts";

/** Fields of 64 bits are bigints, those of 32 bits numbers. Totals are since the start of the writer; 32-bit ones wrap. */
export type TelemetryValues = {
  readonly [Field in TelemetryField]: (typeof FIELDS)[Field]["bits"] extends 64 ? bigint : number;
};

/**
 * alive: its process runs. ended: it closed the record in good order. dead: its process is gone; the values are its last.
 */
export type WriterState = "alive" | "ended" | "dead";

/** A whole value of a record, copied: it does not change any more. */
export interface TelemetrySnapshot {
  readonly service: string;
  /** Process of the plan that writes it, and its number. */
  readonly process: string;
  readonly pid: number;
  /** Even; grows by 2 with each update. */
  readonly sequence: bigint;
  /** No whole value could be had this time: the writer stood in an update. The values are those read last. */
  readonly stale: boolean;
  readonly writer: WriterState;
  readonly flags: number;
  readonly values: TelemetryValues;
}

/** Views over one copied record. @param bytes of RECORD_BYTES, at a multiple of 8 */
export class RecordWords {
  readonly #wide: BigUint64Array;
  readonly #narrow: Uint32Array;

  constructor(bytes: ArrayBuffer) {
    this.#wide = new BigUint64Array(bytes, 0, RECORD_BYTES / 8);
    this.#narrow = new Uint32Array(bytes, 0, RECORD_BYTES / 4);
  }

  get sequence(): bigint {
    return this.#wide[HEADER.sequence / 8];
  }

  get flags(): number {
    return this.#narrow[HEADER.flags / 4];
  }

  values(): TelemetryValues {
    const wide = this.#wide;
    const narrow = this.#narrow;
    return {
      totalCombats: wide[FIELDS.totalCombats.offset / 8],
      activeCombats: narrow[FIELDS.activeCombats.offset / 4],
      totalDamageDealt: wide[FIELDS.totalDamageDealt.offset / 8],
      totalDamageReceived: wide[FIELDS.totalDamageReceived.offset / 8],
      unitsDestroyed: narrow[FIELDS.unitsDestroyed.offset / 4],
      simulationFps: narrow[FIELDS.simulationFps.offset / 4],
      averageTickTimeUs: narrow[FIELDS.averageTickTimeUs.offset / 4],
      peakTickTimeUs: narrow[FIELDS.peakTickTimeUs.offset / 4],
      memoryUsageMb: narrow[FIELDS.memoryUsageMb.offset / 4],
      totalEntities: wide[FIELDS.totalEntities.offset / 8],
      fleets: narrow[FIELDS.fleets.offset / 4],
      planets: narrow[FIELDS.planets.offset / 4],
      units: narrow[FIELDS.units.offset / 4],
    };
  }
}
