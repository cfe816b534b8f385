/**
 * The main job of the root topology: a galaxy in turns. ecs holds the world, combat fights its battles, the black box records
 * what happens, telemetry shows it, and the simulated clock tells the time.
 */
import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { type Bus, BusError, defineService, type ServiceContext, type ServiceModule } from "#bus";
import { Clock } from "#generated/busbar/clock";
import { Chronicle, TurnDone } from "#generated/galaxy";
import { openWorld } from "../../services/ecs/index.ts";
import { GALAXY } from "./components.ts";
import { readConfig } from "./config.ts";
import { EFFECTS, type Effects, Figures } from "./figures.ts";
import { Recorder } from "./recorder.ts";
import { type StandingRow, tableOf } from "./table.ts";
import { Game } from "./turn.ts";

/** What `finish` announces; plain JSON. */
export interface GalaxyResult {
  /** SHA-256, hex, over the state and the battles of every turn. */
  readonly hash: string;
  /** Hash of the chronicle, which knows the messages alone: a replay of the recording ends with the same. */
  readonly told: string;
  readonly turns: number;
  readonly battles: number;
  readonly shipsLost: number;
  /** Events told to the black box. */
  readonly events: number;
  readonly seconds: number;
  readonly standings: readonly (Omit<StandingRow, "treasury"> & { readonly treasury: number })[];
}

/** Longest that one turn of the clock may take on a busy machine. */
const STEP_TIMEOUT = "60s";

/** @param effects enter figures and the duration, and no hash */
export async function runGalaxy(bus: Bus, context: ServiceContext, effects: Effects = EFFECTS): Promise<GalaxyResult> {
  const startedMs = effects.nowMs();
  const config = readConfig(context.service, context.config);
  const clock = bus.client(Clock);
  const recorder = new Recorder(bus);
  using world = await openWorld(bus, GALAXY);
  const game = new Game(bus, world, recorder, config);
  const turns = bus.publisher(TurnDone);
  const figures = new Figures(context.telemetry, effects);
  const hash = createHash("sha256");
  const total = { battles: 0, shipsLost: 0 };
  let standings: readonly StandingRow[] = [];
  await game.begin();
  context.log.info({ ...config }, "the galaxy begins");
  for (let turn = 1; turn <= config.turns; turn++) {
    const { timeNs } = await clock.step({}, { timeout: STEP_TIMEOUT, signal: context.signal });
    recorder.timeNs = timeNs;
    const begunMs = effects.nowMs();
    const result = await game.play(turn);
    hash.update(`${turn} ${result.worldHash} ${result.battleHash} ${result.battles}\n`);
    total.battles += result.battles;
    total.shipsLost += result.shipsLost;
    standings = result.standings;
    const { battles, shipsLost, worldHash, battleHash } = result;
    const told = { turn, timeNs, battles, shipsLost, worldHash, battleHash, standings: [...standings] };
    await recorder.flush();
    await turns.publish(told);
    await turns.flush();
    figures.turn(result, begunMs);
    context.progress(turn / config.turns, `turn ${turn}: ${leader(standings)}`);
    if (config.paceMs > 0) await sleep(config.paceMs, undefined, { signal: context.signal });
  }
  for (const line of tableOf(standings)) context.log.info(line);
  const { hash: told } = await bus.client(Chronicle).told({}, { timeout: "10s", signal: context.signal });
  return {
    hash: hash.digest("hex"),
    told,
    turns: config.turns,
    ...total,
    events: Number(recorder.events),
    seconds: Math.round(effects.nowMs() - startedMs) / 1000,
    standings: standings.map((row) => ({ ...row, treasury: Number(row.treasury) })),
  };
}

function leader(standings: readonly StandingRow[]): string {
  const [first] = [...standings].sort((a, b) => b.stars - a.stars || b.ships - a.ships);
  return first === undefined ? "nobody" : `${first.faction} lead with ${first.stars} stars and ${first.ships} ships`;
}

const service: ServiceModule = defineService({
  start(bus, context) {
    // Ready at once: the game runs beside the service, which stays live after it.
    void runGalaxy(bus, context).then(
      (result) => context.finish(result),
      (thrown: unknown) => {
        if (context.signal.aborted) return;
        const error = BusError.from(thrown);
        context.log.error({ code: error.code }, error.message);
        context.finish({ error: error.toJSON() });
      },
    );
  },
});

export default service;
