/** Identity of a message type on the wire and through its versions. */
export interface LockedType {
  /** u32 type_id. */
  readonly id: number;
  /** 16 hex digits; the last of `lineage`. */
  readonly fingerprint: string;
  /** Fingerprints of all compatible versions, oldest first. */
  readonly lineage: readonly string[];
}

/** One rpc method; the key in `SchemaLock.methods` is "full.Service/Method". */
export interface LockedMethod {
  /** u32 request id. */
  readonly id: number;
  /** Full type names. */
  readonly request: string;
  readonly response: string;
  readonly streaming: boolean;
}

/** Content of schema.lock: what `busbar gen` commits beside the bindings. */
export interface SchemaLock {
  readonly version: 1;
  /** SHA-256 over names and texts of the schema files, 64 hex digits; equal digests need no compiler run to be fresh. */
  readonly digest: string;
  readonly types: Readonly<Record<string, LockedType>>;
  readonly methods: Readonly<Record<string, LockedMethod>>;
  /** Binary schema of all types, base64. */
  readonly bfbs: string;
}
