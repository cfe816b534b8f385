/** What generated bindings import: helpers of their encoders, decoders, readers and verifiers. Not for other use. */
export { Memory } from "#wire";
export { absent, checkValue, stop, type TypeRef, unfit } from "./codec/check.ts";
export { fingerprintParts } from "./codec/fingerprint.ts";
export { camelCase, fieldKey } from "./codec/names.ts";
export * from "./codec/read.ts";
export * from "./codec/value.ts";
export {
  foreignVerifier,
  okString,
  okStrings,
  okStruct,
  okTables,
  okVector,
  openVerify,
  tableAt,
} from "./codec/verify.ts";
export {
  putBools,
  putF32s,
  putF64s,
  putI8s,
  putI16s,
  putI32s,
  putI64s,
  putMemberString,
  putMemberStruct,
  putString,
  putStrings,
  putStructs,
  putTables,
  putU8s,
  putU16s,
  putU32s,
  putU64s,
} from "./codec/write.ts";
