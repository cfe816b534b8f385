/** Where the addon, plugins and the guard are: the table is beside the code that loads them. */
export { findAddon, findGuard, findPlugin } from "#transport/ring";
