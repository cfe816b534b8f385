/** The typed door to an `ecs` service. */
import { type Bus, BusError, type CallOptions, type Client } from "#bus";
import { Ecs, type RunSystemReply } from "#generated/ecs";
import { checkVersion } from "../../recovery/index.ts";
import type { ComponentDefinition, Components } from "../components/define.ts";
import type { ComponentSpecs } from "../components/fields.ts";
import { definitionToWire } from "../frame/wire.ts";
import { Answer } from "./answer.ts";
import { type AnyEntity, columnGroup, createGroups } from "./create.ts";
import { Deltas } from "./deltas.ts";
import { entitiesOf } from "./entities.ts";
import { type Batch, failuresOf, throwFirst } from "./errors.ts";
import { queryToWire, selectedFields } from "./query.ts";
import { LiveQuery, type SubscribeOptions } from "./subscription.ts";
import { runSystem, type System, type SystemAnswer, type SystemReport } from "./system.ts";
import type { ColumnsInput, Entity, EntityInput, EntityPatch, Names, Paths, Query, Selection } from "./types.ts";
import { type AnyPatch, updateGroups } from "./update.ts";

/** Of `Ecs`, as this half was written for. */
export const API_VERSION = "1.0";

export interface WorldOptions extends CallOptions {
  /** Name of the service in the topology. Default "ecs". */
  readonly target?: string;
}

/**
 * Opens a world and declares its components there; declaring the same again is no error.
 * @param components from `defineComponents`
 * @throws (rejects) BusError services/incompatible-version; ecs/duplicate when the service knows a component otherwise
 */
export async function openWorld<S extends ComponentSpecs>(
  bus: Bus,
  components: Components<S>,
  options: WorldOptions = {},
): Promise<World<S>> {
  const { target = "ecs" } = options;
  const ecs = bus.client(Ecs, target);
  await checkVersion(ecs, API_VERSION);
  await define(ecs, components.list);
  return new World(bus, ecs, target, components);
}

async function define(ecs: Client<typeof Ecs>, list: readonly ComponentDefinition[]): Promise<void> {
  const { errors } = await ecs.defineComponent({ components: list.map(definitionToWire) });
  throwFirst(failuresOf(errors, (item) => item));
}

/** All methods reject with BusError ecs/* for what the service refuses, core/* for what the bus could not carry. */
export class World<S extends ComponentSpecs> implements Disposable {
  readonly components: Components<S>;
  /** The requests themselves, for what this class does not say. */
  readonly ecs: Client<typeof Ecs>;
  readonly #deltas: Deltas;

  constructor(bus: Bus, ecs: Client<typeof Ecs>, target: string, components: Components<S>) {
    this.ecs = ecs;
    this.components = components;
    this.#deltas = new Deltas(bus, target);
  }

  /** @returns the new entity's id */
  async create(entity: EntityInput<S>): Promise<bigint> {
    const { ids, failures } = await this.createMany([entity]);
    throwFirst(failures);
    return ids[0]!;
  }

  /** Entities of any components. @returns one id per entity, 0 where it failed */
  async createMany(entities: readonly EntityInput<S>[]): Promise<Batch & { readonly ids: BigUint64Array }> {
    const { groups, places } = createGroups(this.components, entities as readonly AnyEntity[]);
    const { ids, errors, version } = await this.ecs.createEntities({ groups });
    const placed = new BigUint64Array(entities.length);
    for (const [item, place] of places.entries()) placed[place] = ids[item] ?? 0n;
    return { ids: placed, failures: failuresOf(errors, (item) => places[item]!), version };
  }

  /** `count` entities of the same components, from columns: nothing is looked at value by value but lists. */
  async createColumns<C extends Names<S>>(
    count: number,
    columns: { readonly [Name in C]: ColumnsInput<S[Name]> },
  ): Promise<Batch & { readonly ids: BigUint64Array }> {
    const group = columnGroup(this.components, count, columns as never);
    const { ids, errors, version } = await this.ecs.createEntities({ groups: [group] });
    return { ids, failures: failuresOf(errors, (item) => item), version };
  }

  async update(id: bigint, patch: EntityPatch<S>): Promise<void> {
    throwFirst((await this.updateMany([{ id, ...patch }])).failures);
  }

  /** Changes in the order of the list. */
  async updateMany(
    patches: readonly ({ readonly id: bigint } & EntityPatch<S>)[],
  ): Promise<Batch & { readonly updated: number }> {
    const { groups, places } = updateGroups(this.components, patches as readonly AnyPatch[]);
    const { updated, errors, version } = await this.ecs.updateEntities({ groups });
    return { updated, failures: failuresOf(errors, (item) => places[item]!), version };
  }

  async delete(id: bigint): Promise<void> {
    throwFirst((await this.deleteMany([id])).failures);
  }

  async deleteMany(ids: ArrayLike<bigint>): Promise<Batch & { readonly deleted: number }> {
    const { deleted, errors, version } = await this.ecs.deleteEntities({ ids });
    return { deleted, failures: failuresOf(errors, (item) => item), version };
  }

  /** @param select components or fields; default: everything the entity has */
  async get<const Sel extends Selection<S> = Names<S>>(id: bigint, select?: readonly Sel[]): Promise<Entity<S, Sel>> {
    const { entities, failures } = await this.getMany([id], select);
    throwFirst(failures);
    return entities[0]!;
  }

  /** @returns one entity per id, undefined where there is none */
  async getMany<const Sel extends Selection<S> = Names<S>>(
    ids: ArrayLike<bigint>,
    select?: readonly Sel[],
  ): Promise<Batch & { readonly entities: readonly (Entity<S, Sel> | undefined)[] }> {
    const names = select ?? this.components.list.map(({ name }) => name as Names<S>);
    const reply = await this.ecs.getEntities({ ids, select: selectedFields(this.components, { select: names }) });
    const failures = failuresOf(reply.errors, (item) => item);
    return { entities: entitiesOf<S, Sel>(reply), failures, version: reply.version };
  }

  /** Rows in the order of `orderBy`, then of the ids. */
  async query<const All extends Names<S> = never, const Sel extends Selection<S> = All>(
    query: Query<S, All, Sel>,
    options?: CallOptions,
  ): Promise<Answer<S, All, Sel>> {
    const { results, version } = await this.ecs.queryEntities(
      { queries: [queryToWire(this.components, query)] },
      options,
    );
    return new Answer(results[0]!, version, query.wantTotal ?? false);
  }

  /** The result first, then what changes of it. */
  async subscribe<const All extends Names<S> = never, const Sel extends Selection<S> = All>(
    query: Query<S, All, Sel>,
    options: SubscribeOptions = {},
  ): Promise<LiveQuery<S, All, Sel>> {
    return LiveQuery.open(this.ecs, this.#deltas, queryToWire(this.components, query), options);
  }

  /**
   * Runs a system written in TypeScript: reads its columns, runs it here, writes the rows it changed if nobody wrote meanwhile.
   * @param dt seconds
   */
  async runHere<const Read extends Paths<S> = never, const Write extends Paths<S> = never>(
    system: System<S, Read, Write>,
    dt: number,
  ): Promise<SystemReport> {
    const { all, where = [], reads = [], writes } = system;
    const answer = await this.query({ all, where, select: [...reads, ...writes] as Selection<S>[] });
    return runSystem(this.ecs, this.components, answer as unknown as SystemAnswer, system, dt);
  }

  /** Runs a system of the service: "movement", "regeneration", "ownership_income", or a plugin's. @param dt seconds */
  async run(name: string, dt: number): Promise<Omit<RunSystemReply["results"][number], "error" | "errorText">> {
    const { results } = await this.ecs.runSystem({ runs: [{ name, dt }] });
    const { error, errorText, ...result } = results[0]!;
    if (error !== 0) throw BusError.ofNumber(error, errorText, { system: name });
    return result;
  }

  /** State hash: equal states have equal hashes, in every placement. */
  async hash(): Promise<bigint> {
    return (await this.ecs.stats({ hash: true })).hash;
  }

  /** Ends what was subscribed to. The entities stay. */
  [Symbol.dispose](): void {
    this.#deltas.close();
  }
}
