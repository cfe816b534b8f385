// Method: other people's solvers and data beside ours; what this machine lacks is skipped with the reason in its name.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Algorithm, type BallisticsRequestInit, type BallisticsResponse, DragModel } from "#generated/combat";
import { crateSource, foreignPython, lacking, named } from "../../../test/foreign/foreign.ts";
import { checkItems } from "../index.ts";
import { openRig, type Rig } from "../testing/rig.ts";

let rig: Rig;
beforeAll(async () => {
  rig = await openRig("local", { threads: 2 });
});
afterAll(() => rig[Symbol.asyncDispose]());

const PACKAGE = "combat-oracle";
const movingai = crateSource("movingai-3.0.1", PACKAGE);
const engine = crateSource("ballistics-engine-0.49.0", PACKAGE);
const validation = engine.path === undefined ? "" : join(engine.path, "data", "validation");
const python = foreignPython();

/** One shot cut at several distances. */
const at = async (
  distances: readonly number[],
  velocity: number,
  angle: number,
  rest: Partial<BallisticsRequestInit>,
): Promise<BallisticsResponse> => {
  const all = (value: number): Float64Array => new Float64Array(distances.length).fill(value);
  const request = { velocity: all(velocity), angle: all(angle), targetDistance: distances, step: 0.002, ...rest };
  return checkItems(await rig.combat.calculateBallistics(request));
};

test.skipIf(lacking(movingai))(
  named("the arena map: every scenario has its published optimum, by jump points and by A*", movingai),
  async () => {
    const [map, scenarios] = ["arena.map", "arena.map.scen"].map((name) =>
      readFileSync(join(movingai.path ?? "", "tests", name), "utf8").split("\n"),
    );
    const [width, height] = ["width", "height"].map((key) =>
      Number(map!.find((line) => line.startsWith(`${key} `))!.split(" ")[1]),
    );
    const rows = map!.slice(map!.indexOf("map") + 1, map!.indexOf("map") + 1 + height!);
    const { handle } = await rig.combat.mapPut({
      grid: { width: width!, height: height!, cells: Buffer.from(rows.join("")) },
    });
    const list = scenarios!
      .slice(1)
      .filter((line) => line !== "")
      .map((line) => line.split("\t").map(Number));
    expect(list.length).toBeGreaterThan(100);
    const cell = (x: number, y: number): number => y * width! + x;
    const start = list.map(([, , , , x, y]) => cell(x!, y!));
    const end = list.map(([, , , , , , x, y]) => cell(x!, y!));
    for (const algorithm of [Algorithm.jps, Algorithm.astar, Algorithm.dijkstra]) {
      const answer = checkItems(await rig.combat.findPath({ handle, start, end, algorithm }));
      // The file gives six digits.
      list.forEach((row, i) => {
        expect(Math.abs(answer.cost[i]! - row[8]!), `scenario ${i}`).toBeLessThan(1e-5 * Math.max(1, row[8]!));
      });
    }
  },
);

interface ValidationCase {
  inputs: Record<string, number> & { bc_type: string; zero_drag?: boolean; use_enhanced_spin_drift: boolean };
  expectations: { observable: string; range_m: number; value: number; tol_abs?: number; tol_rel?: number }[];
}

/** Tilted shots and spin are not ours. */
const ours = ({ inputs }: ValidationCase): boolean =>
  inputs.shooting_angle_rad === 0 && !inputs.use_enhanced_spin_drift;
const cases: [string, ValidationCase][] = (validation === "" ? [] : readdirSync(validation))
  .filter((name) => name.endsWith(".json"))
  .map((name): [string, ValidationCase] => [name, JSON.parse(readFileSync(join(validation, name), "utf8"))])
  .filter(([, made]) => ours(made));

test.skipIf(lacking(engine))(
  named("the validation cases of ballistics-engine hold within a quarter of their tolerances", engine),
  async () => {
    expect(cases.length).toBeGreaterThanOrEqual(9);
    for (const [name, { inputs, expectations }] of cases) {
      const distances = [...new Set(expectations.map(({ range_m }) => range_m))];
      const drag = inputs.zero_drag ? DragModel.constant : inputs.bc_type === "G1" ? DragModel.g1 : DragModel.g7;
      const [wind, from] = [inputs.wind_speed_mps ?? 0, inputs.wind_angle_rad ?? 0];
      const answer = await at(distances, inputs.muzzle_velocity_mps!, inputs.muzzle_angle_rad!, {
        projectile: { drag, ballisticCoefficient: inputs.bc_value! },
        environment: {
          altitude: inputs.altitude_m ?? 0,
          temperature: (inputs.temperature_c ?? 15) + 273.15,
          pressure: 100 * (inputs.pressure_hpa ?? 1013.25),
          // Their wind blows from where its angle points: 0 is ahead, a quarter turn the right.
          windAlong: -wind * Math.cos(from),
          windAcross: -wind * Math.sin(from),
        },
      });
      const columns: Record<string, Float64Array> = {
        drop_m: answer.endHeight,
        drift_m: answer.drift,
        tof_s: answer.time,
        velocity_mps: answer.impactSpeed,
      };
      for (const { observable, range_m, value, tol_abs, tol_rel } of expectations) {
        const found = columns[observable]![distances.indexOf(range_m)]!;
        // Exact references have no room to quarter.
        const allowed = Math.max(((tol_abs ?? 0) + (tol_rel ?? 0) * Math.abs(value)) / 4, 1e-12 * Math.abs(value));
        expect(
          Math.abs(found - value),
          `${name} ${observable} at ${range_m} m: ${found}, ${value}`,
        ).toBeLessThanOrEqual(allowed);
      }
    }
  },
);

test.skipIf(lacking(python))(
  named("py_ballisticcalc flies as we do: G1 and G7, super-, trans- and subsonic, wind, altitude", python),
  async () => {
    const made = [
      {
        velocity: 820,
        angle: 0,
        bc: 0.3,
        table: "g7",
        distances: [200, 600, 1000, 1400],
        wind_along: 0,
        wind_across: 0,
        altitude: 0,
      },
      {
        velocity: 850,
        angle: 0.01,
        bc: 0.45,
        table: "g1",
        distances: [300, 900],
        wind_along: -6,
        wind_across: 4,
        altitude: 0,
      },
      {
        velocity: 310,
        angle: 0.02,
        bc: 0.15,
        table: "g1",
        distances: [50, 200, 400],
        wind_along: 0,
        wind_across: -5,
        altitude: 0,
      },
      {
        velocity: 780,
        angle: 0.005,
        bc: 0.25,
        table: "g7",
        distances: [500, 1200],
        wind_along: 3,
        wind_across: 0,
        altitude: 1500,
      },
    ];
    const script = join(import.meta.dirname, "flights.py");
    const child = spawnSync(python.path ?? "", [script], { input: JSON.stringify(made), encoding: "utf8" });
    expect(child.status, child.stderr).toBe(0);
    const theirs = JSON.parse(child.stdout) as number[][][];
    for (const [i, flight] of made.entries()) {
      const answer = await at(flight.distances, flight.velocity, flight.angle, {
        projectile: { drag: flight.table === "g1" ? DragModel.g1 : DragModel.g7, ballisticCoefficient: flight.bc },
        environment: { altitude: flight.altitude, windAlong: flight.wind_along, windAcross: flight.wind_across },
      });
      flight.distances.forEach((distance, j) => {
        const [height, drift, time, speed] = theirs[i]![j]!;
        const place = `flight ${i} at ${distance} m`;
        // Their air and gravity have other digits, and they interpolate between their steps.
        const fall = 0.5 * 9.8 * time! * time!;
        expect(
          Math.abs(answer.endHeight[j]! - height!),
          `${place}: height ${answer.endHeight[j]}, ${height}`,
        ).toBeLessThan(0.002 * fall + 0.002);
        expect(Math.abs(answer.drift[j]! - drift!), `${place}: drift ${answer.drift[j]}, ${drift}`).toBeLessThan(
          0.003 * Math.abs(drift!) + 0.003,
        );
        expect(Math.abs(answer.time[j]! / time! - 1), `${place}: time`).toBeLessThan(0.001);
        expect(Math.abs(answer.impactSpeed[j]! / speed! - 1), `${place}: speed`).toBeLessThan(0.001);
      });
    }
  },
);
