/** The TypeScript half of the ecs service: components and queries that the compiler checks, snapshots, exports. */
export {
  type ComponentDefinition,
  type Components,
  defineComponents,
  type FieldDefinition,
} from "./components/define.ts";
export type {
  ArrayOf,
  ComponentSpec,
  ComponentSpecs,
  FieldKind,
  FieldOptions,
  FieldSpec,
  IndexKind,
  InputOf,
  TypedArray,
  ValueOf,
} from "./components/fields.ts";
export { componentOf, type TableComponent, type TableOptions } from "./components/from-message.ts";
export { type ExportOptions, type ExportReport, exportArrow, exportParquet } from "./files/export.ts";
export { type ImportOptions, type ImportReport, importArrow, importParquet } from "./files/import.ts";
export type { ColumnData, Value } from "./frame/column.ts";
export { type LoadOptions, loadSnapshot, type SaveOptions, type SnapshotInfo, saveSnapshot } from "./store/snapshot.ts";
export { Answer, Frame, type TypedColumn } from "./world/answer.ts";
export type { Batch, ItemFailure } from "./world/errors.ts";
export type { Change, LiveQuery, SubscribeOptions } from "./world/subscription.ts";
export type { System, SystemReport, SystemView } from "./world/system.ts";
export type {
  Condition,
  Entity,
  EntityInput,
  EntityPatch,
  Names,
  Paths,
  Query,
  Row,
  Selection,
  Where,
} from "./world/types.ts";
export { API_VERSION, openWorld, World, type WorldOptions } from "./world/world.ts";
