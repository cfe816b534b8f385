import { expect, test } from "vitest";
import { checkSocketPaths, runtimeDirOf } from "./runtime-dir.ts";

const options = { busName: "galaxy", realPath: "/home/user/game/topology.toml", env: {}, tmpdir: "/temp", uid: 1000 };

test("semantics/1.8: the runtime folder is named after the bus and the real path of its topology", () => {
  const name = runtimeDirOf({ ...options, env: { XDG_RUNTIME_DIR: "/run/user/1000" } });
  expect(name).toMatch(/^\/run\/user\/1000\/busbar\/galaxy-[0-9a-f]{8}$/);
  expect(runtimeDirOf({ ...options, configured: "auto" })).toMatch(/^\/temp\/busbar-1000\/galaxy-[0-9a-f]{8}$/);
  expect(runtimeDirOf({ ...options, uid: undefined })).toMatch(/^\/temp\/busbar\/galaxy-/);
  expect(runtimeDirOf({ ...options, env: { XDG_RUNTIME_DIR: "relative" } })).toMatch(/^\/temp\/busbar-1000\//);
});

test("semantics/1.8: two checkouts have different folders, the same one always the same", () => {
  const other = runtimeDirOf({ ...options, realPath: "/home/user/copy/topology.toml" });
  expect(runtimeDirOf(options)).not.toBe(other);
  expect(runtimeDirOf(options)).toBe(runtimeDirOf({ ...options }));
});

test("a configured folder is relative to the topology", () => {
  expect(runtimeDirOf({ ...options, configured: "run" })).toMatch(/^\/home\/user\/game\/run\/galaxy-[0-9a-f]{8}$/);
  expect(runtimeDirOf({ ...options, configured: "/var/run/x" })).toMatch(/^\/var\/run\/x\/galaxy-/);
});

test("socket paths of 107 bytes are allowed, of 108 refused with the path and its size", () => {
  const folder = `/${"d".repeat(95)}`;
  expect(() => checkSocketPaths(folder, ["core1.sock"])).not.toThrow();
  expect(() => checkSocketPaths(folder, ["core1.sock", "core12.sock"])).toThrow(
    /transport\/path-too-long.*core12\.sock has 108 bytes/,
  );
  expect(() => checkSocketPaths(`/${"ü".repeat(48)}`, ["core12.sock"])).toThrow(/109 bytes/);
});
