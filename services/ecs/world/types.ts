/** What the compiler knows of a world: names, paths, values and rows, all from the declared components. */
import type { ArrayOf, BigArray, ComponentSpecs, InputOf, NumberArray, ValueOf } from "../components/fields.ts";

/** Names of components. */
export type Names<S> = keyof S & string;
/** "Component.field" of component `C`. */
export type PathsOf<S, C extends Names<S>> = `${C}.${keyof S[C] & string}`;
export type Paths<S> = { [C in Names<S>]: PathsOf<S, C> }[Names<S>];
/** Declaration of the field at a path. */
export type SpecAt<S, P extends string> = P extends `${infer C}.${infer F}`
  ? C extends keyof S
    ? F extends keyof S[C]
      ? S[C][F]
      : never
    : never
  : never;

/** A whole component stands for all of its fields. */
export type Selection<S> = Names<S> | Paths<S>;
export type SelectedPaths<S, Sel> = Sel extends Names<S> ? PathsOf<S, Sel> : Sel & string;
type ComponentIn<P> = P extends `${infer C}.${string}` ? C : never;
type FieldIn<C extends string, P> = P extends `${C}.${infer F}` ? F : never;
type ComponentsIn<S, Sel> = Sel extends Names<S> ? Sel : ComponentIn<Sel>;

/** One row: values by component and field. Those of components that the query does not demand may be missing: null. */
export type Row<S, All, Sel> = { readonly id: bigint } & {
  readonly [C in ComponentsIn<S, Sel> & Names<S>]: {
    readonly [F in FieldIn<C, SelectedPaths<S, Sel>> & keyof S[C]]: C extends All
      ? ValueOf<S[C][F]>
      : ValueOf<S[C][F]> | null;
  };
};

/** One entity: the components that it has. */
export type Entity<S, Sel> = { readonly id: bigint; readonly components: readonly Names<S>[] } & {
  readonly [C in ComponentsIn<S, Sel> & Names<S>]?: {
    readonly [F in FieldIn<C, SelectedPaths<S, Sel>> & keyof S[C]]: ValueOf<S[C][F]>;
  };
};

type NullableKeys<C> = { [F in keyof C]: null extends ValueOf<C[F]> ? F : never }[keyof C];
/** All fields of a component; those that may be null may be left out. */
export type ComponentInput<C> = { readonly [F in Exclude<keyof C, NullableKeys<C>>]: InputOf<C[F]> } & {
  readonly [F in NullableKeys<C>]?: InputOf<C[F]>;
};
/** Some fields of a component. */
export type ComponentPatch<C> = { readonly [F in keyof C]?: InputOf<C[F]> };

/** A new entity. */
export type EntityInput<S> = { readonly [C in Names<S>]?: ComponentInput<S[C]> };

export interface EntityPatch<S> {
  /** New values of components that the entity has, or that `add` gives it. */
  readonly set?: { readonly [C in Names<S>]?: ComponentPatch<S[C]> };
  /** Components that it gets. One that it has already keeps its place and takes the values. */
  readonly add?: EntityInput<S>;
  readonly remove?: readonly Names<S>[];
}

/** Values of many new entities: per field a typed array, or any list. */
export type ColumnsInput<C> = {
  readonly [F in Exclude<keyof C, NullableKeys<C>>]: ArrayOf<C[F]> | readonly InputOf<C[F]>[];
} & { readonly [F in NullableKeys<C>]?: readonly InputOf<C[F]>[] };

type Set<Spec> = Exclude<InputOf<Spec>, null>;
/** Vectors have no order and no equality. */
type Comparable<Spec> = Set<Spec> extends boolean | number | bigint | string ? true : false;
type ListOf<Spec> =
  | readonly Set<Spec>[]
  | (Set<Spec> extends bigint ? BigArray : Set<Spec> extends number ? NumberArray : never);

export type Condition<S> =
  | { [P in Paths<S>]: ConditionOn<P, SpecAt<S, P>> }[Paths<S>]
  | readonly [Names<S>, "exists" | "not exists"];
type ConditionOn<P, Spec> =
  | readonly [P, "exists" | "not exists"]
  | (Comparable<Spec> extends true
      ?
          | readonly [P, "=" | "<" | "<=" | ">" | ">=", Set<Spec>]
          | readonly [P, "between", Set<Spec>, Set<Spec>]
          | readonly [P, "in", ListOf<Spec>]
      : never);

/** Conditions hold together; of those in `any`, at least one must hold. */
export type Where<S> = readonly (Condition<S> | { readonly any: readonly Condition<S>[] })[];

export interface Query<S extends ComponentSpecs, All extends Names<S>, Sel extends Selection<S>> {
  /** Components that each row has. */
  readonly all?: readonly All[];
  /** At least one of these, when there are any. */
  readonly anyOf?: readonly Names<S>[];
  /** `["Position.x", ">", 3]`, `["Owner.faction", "in", ["red", "blue"]]`, `["Health.hp", "exists"]`, `{ any: [...] }`. */
  readonly where?: Where<S>;
  /** "Position.x", or "-Position.x" for the largest first. Nulls come last; ids are the final key, and the only one by default. */
  readonly orderBy?: readonly (Paths<S> | `-${Paths<S>}`)[];
  /** Rows at most. Default: as many as the service allows in one answer. */
  readonly limit?: number;
  readonly offset?: number;
  /** Default: all fields of the components in `all`. */
  readonly select?: readonly Sel[];
  /** Also count all matches. Default false: the count costs a full evaluation. */
  readonly wantTotal?: boolean;
}
