/** Spatial indexes of other people, where they are installed; each takes points and finds those in a circle. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

export interface Points {
  readonly x: Float64Array;
  readonly y: Float64Array;
}

/** @returns how many points lie within the radius */
export type Find = (x: number, y: number, radius: number) => number;

interface Tree {
  add(x: number, y: number): unknown;
  finish(): unknown;
}
interface KdTree extends Tree {
  within(x: number, y: number, radius: number): readonly number[];
}
interface BoxTree extends Tree {
  search(minX: number, minY: number, maxX: number, maxY: number): readonly number[];
}

export const SPATIAL_PEERS = { kdbush: "4.1.0", flatbush: "4.7.0" } as const;
export type SpatialPeer = keyof typeof SPATIAL_PEERS;

/** Why it cannot take part; undefined when it is installed. */
export const spatialMissing = (name: SpatialPeer): string | undefined => {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    if (existsSync(join(folder, "node_modules", name))) return undefined;
    if (folder === dirname(folder)) break;
  }
  return `${name} is not installed: npm install --no-save ${name}@${SPATIAL_PEERS[name]}`;
};

/** @returns what makes an index of points, and finds in it */
export const spatialPeer = async (name: SpatialPeer): Promise<(points: Points) => Find> => {
  const made = (await import(name)) as { default: new (count: number) => Tree };
  const fill = ({ x, y }: Points): Tree => {
    const tree = new made.default(x.length);
    for (let i = 0; i < x.length; i++) tree.add(x[i], y[i]);
    tree.finish();
    return tree;
  };
  if (name === "kdbush") {
    return (points) => {
      const tree = fill(points) as KdTree;
      return (x, y, radius) => tree.within(x, y, radius).length;
    };
  }
  // It knows boxes only: what is outside the circle is taken out.
  return (points) => {
    const tree = fill(points) as BoxTree;
    return (x, y, r) => {
      const found = tree.search(x - r, y - r, x + r, y + r);
      return found.filter((p) => (points.x[p] - x) ** 2 + (points.y[p] - y) ** 2 <= r * r).length;
    };
  };
};
