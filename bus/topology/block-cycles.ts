/** Cycles of edges on which a publisher waits: when all of them are full, each service waits for the next. */

/** @param next targets of the blocking edges of a service, sorted. @returns one cycle per knot, each as a path */
export function blockCycles(next: ReadonlyMap<string, readonly string[]>): string[][] {
  const knots = stronglyConnected(next).filter((knot) => knot.length > 1);
  return knots.map((knot) => shortestCycle(next, new Set(knot), knot.toSorted()[0]));
}

/** Tarjan's algorithm without recursion, so that a long chain of services cannot exhaust the stack. */
function stronglyConnected(next: ReadonlyMap<string, readonly string[]>): string[][] {
  const order = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const onStack = new Set<string>();
  const found: string[][] = [];
  for (const root of [...next.keys()].sort()) {
    if (order.has(root)) continue;
    const work: { name: string; child: number }[] = [{ name: root, child: 0 }];
    while (work.length > 0) {
      const top = work[work.length - 1];
      if (top.child === 0) {
        order.set(top.name, order.size);
        low.set(top.name, order.get(top.name)!);
        stack.push(top.name);
        onStack.add(top.name);
      }
      const children = next.get(top.name) ?? [];
      if (top.child < children.length) {
        const child = children[top.child++];
        if (!order.has(child)) work.push({ name: child, child: 0 });
        else if (onStack.has(child)) low.set(top.name, Math.min(low.get(top.name)!, order.get(child)!));
        continue;
      }
      work.pop();
      const parent = work.at(-1);
      if (parent !== undefined) low.set(parent.name, Math.min(low.get(parent.name)!, low.get(top.name)!));
      if (low.get(top.name) !== order.get(top.name)) continue;
      const knot = stack.splice(stack.lastIndexOf(top.name));
      for (const name of knot) onStack.delete(name);
      found.push(knot);
    }
  }
  return found;
}

function shortestCycle(
  next: ReadonlyMap<string, readonly string[]>,
  knot: ReadonlySet<string>,
  start: string,
): string[] {
  const queue: string[][] = [[start]];
  const seen = new Set<string>();
  for (const path of queue) {
    for (const target of next.get(path[path.length - 1]) ?? []) {
      if (target === start) return [...path, start];
      if (!knot.has(target) || seen.has(target)) continue;
      seen.add(target);
      queue.push([...path, target]);
    }
  }
  return [start];
}
