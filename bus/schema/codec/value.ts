/** What generated `complete` functions call: the value itself when it is what decoding would give, else a copy that is. */

export function fullTables<Init, T>(
  list: readonly Init[] | null | undefined,
  complete: (value: Init, depth: number) => T,
  depth: number,
): readonly T[] {
  if (list === null || list === undefined) return [];
  // Each element once: twice would double the work with every level of nesting.
  let copy: T[] | undefined;
  for (let i = 0; i < list.length; i++) {
    const one = complete(list[i], depth);
    if (copy !== undefined) copy.push(one);
    else if ((one as unknown) !== list[i]) copy = [...(list.slice(0, i) as unknown[] as T[]), one];
  }
  return copy ?? (list as readonly unknown[] as readonly T[]);
}

type Numbers = ArrayLike<number> | null | undefined;
type Longs = ArrayLike<bigint> | null | undefined;
type Make<A, E> = { new (list: ArrayLike<E>): A };

const full = <A, E>(list: ArrayLike<E> | null | undefined, make: Make<A, E>): A =>
  list instanceof make ? (list as unknown as A) : new make(list ?? []);

export const fullU8s = (list: Numbers): Uint8Array => full(list, Uint8Array);
export const fullI8s = (list: Numbers): Int8Array => full(list, Int8Array);
export const fullU16s = (list: Numbers): Uint16Array => full(list, Uint16Array);
export const fullI16s = (list: Numbers): Int16Array => full(list, Int16Array);
export const fullU32s = (list: Numbers): Uint32Array => full(list, Uint32Array);
export const fullI32s = (list: Numbers): Int32Array => full(list, Int32Array);
export const fullF32s = (list: Numbers): Float32Array => full(list, Float32Array);
export const fullF64s = (list: Numbers): Float64Array => full(list, Float64Array);
export const fullI64s = (list: Longs): BigInt64Array => full(list, BigInt64Array);
export const fullU64s = (list: Longs): BigUint64Array => full(list, BigUint64Array);
