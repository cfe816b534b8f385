/** The service `Genomes`: genomes are checked, compiled and judged here; the plugin `cards` plays them. */
import { BusError, defineService, type RequestContext, type ServiceModule } from "#bus";
import { Genomes } from "#generated/busbar/genomes";
import { compileItem, scoreItem, validateItem } from "./answers.ts";

/** Version of the requests; grows with the schema. */
export const API_VERSION = "1.0";
const ITEMS_MAX = 65_536;
/** The event loop belongs to all services of the process: after so many ms it gets a turn. */
const TURN_MS = 8;

/** @throws BusError runtime/bad-service naming the key, its value and what is allowed */
export function readConfig(service: string, config: Readonly<Record<string, unknown>>): { readonly itemsMax: number } {
  const refuse = (reason: string): BusError => new BusError("runtime/bad-service", { details: { service, reason } });
  for (const key of Object.keys(config)) {
    if (key !== "items_max") throw refuse(`config has an unknown key '${key}'; known is items_max`);
  }
  const { items_max: itemsMax = ITEMS_MAX } = config;
  if (typeof itemsMax !== "number" || !Number.isInteger(itemsMax) || itemsMax < 1 || itemsMax > ITEMS_MAX) {
    throw refuse(`config.items_max is ${JSON.stringify(itemsMax)}; write a whole number from 1 to ${ITEMS_MAX}`);
  }
  return { itemsMax };
}

const service: ServiceModule = defineService({
  start(bus, context) {
    const { itemsMax } = readConfig(context.service, context.config);
    /** Answers item after item, in order; ends early when nobody waits any more. */
    const each = async <Item, Answer>(
      path: string,
      items: readonly Item[],
      { signal }: RequestContext,
      answer: (item: Item) => Answer,
    ): Promise<{ results: Answer[] }> => {
      if (items.length > itemsMax) {
        throw new BusError("cards/limit-exceeded", { details: { path, value: items.length, limit: itemsMax } });
      }
      const results: Answer[] = [];
      let turn = performance.now();
      for (const item of items) {
        results.push(answer(item));
        if (performance.now() - turn < TURN_MS) continue;
        await new Promise((resolve) => setImmediate(resolve));
        signal.throwIfAborted();
        turn = performance.now();
      }
      return { results };
    };
    bus.serve(Genomes, {
      compile: (request, call) => each("genomes", request.genomes, call, (text) => compileItem(text, request.format)),
      validate: (request, call) => each("genomes", request.genomes, call, validateItem),
      score: (request, call) => each("items", request.items, call, scoreItem),
      version: () => ({ service: "cards", version: API_VERSION }),
    });
  },
});

export default service;
