/** The TypeScript half of the combat service: rows to columns, outcomes to rows, errors to BusError. */
export { API_VERSION } from "./api-version.ts";
export { type ColumnsAnswer, checkItems, checkOutcome } from "./errors.ts";
export { type OutcomeRow, rowsOf, type SideRow, statisticsOf } from "./outcomes.ts";
export { Tag, type UnitRow, unitsOf, type WeaponRow } from "./units.ts";
