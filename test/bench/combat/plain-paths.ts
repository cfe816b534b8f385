/** A* over a grid as one would write it in TypeScript: 8 neighbours, no corners cut, a binary heap over typed arrays. */

const DIAGONAL = Math.SQRT2;

export class PlainPaths {
  readonly #width: number;
  readonly #free: Uint8Array;
  readonly #g: Float64Array;
  readonly #stamp: Uint32Array;
  readonly #heap: number[] = [];
  readonly #keys: number[] = [];
  #round = 0;

  /** @param cells one byte a cell, 46 can be entered; a ring around the map is closed */
  constructor(width: number, height: number, cells: Uint8Array) {
    this.#width = width + 2;
    this.#free = new Uint8Array((width + 2) * (height + 2));
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) this.#free[(y + 1) * this.#width + x + 1] = cells[y * width + x] === 46 ? 1 : 0;
    }
    this.#g = new Float64Array(this.#free.length);
    this.#stamp = new Uint32Array(this.#free.length);
  }

  /** @returns the cost, -1 without a path; cells are numbered without the ring */
  find(start: number, end: number): number {
    const width = this.#width;
    const inner = width - 2;
    const place = (cell: number): number => (Math.floor(cell / inner) + 1) * width + (cell % inner) + 1;
    const [from, to] = [place(start), place(end)];
    const [toX, toY] = [to % width, Math.floor(to / width)];
    const free = this.#free;
    const seen = ++this.#round * 2;
    this.#heap.length = this.#keys.length = 0;
    this.#stamp[from] = seen;
    this.#g[from] = 0;
    this.#push(from, 0);
    while (this.#heap.length > 0) {
      const at = this.#pop();
      if (this.#stamp[at] === seen + 1) continue;
      this.#stamp[at] = seen + 1;
      if (at === to) return this.#g[at];
      for (let dy = -1; dy <= 1; dy++) {
        for (let dx = -1; dx <= 1; dx++) {
          const next = at + dy * width + dx;
          if (free[next] === 0 || this.#stamp[next] === seen + 1) continue;
          const diagonal = dx !== 0 && dy !== 0;
          if (diagonal && (free[at + dx] === 0 || free[at + dy * width] === 0)) continue;
          const g = this.#g[at] + (diagonal ? DIAGONAL : 1);
          if (this.#stamp[next] === seen && this.#g[next] <= g) continue;
          this.#stamp[next] = seen;
          this.#g[next] = g;
          const [x, y] = [Math.abs((next % width) - toX), Math.abs(Math.floor(next / width) - toY)];
          this.#push(next, g + Math.max(x, y) + (DIAGONAL - 1) * Math.min(x, y));
        }
      }
    }
    return -1;
  }

  #push(value: number, key: number): void {
    const [heap, keys] = [this.#heap, this.#keys];
    let at = heap.length;
    for (; at > 0; ) {
      const parent = (at - 1) >> 1;
      if (keys[parent] <= key) break;
      heap[at] = heap[parent];
      keys[at] = keys[parent];
      at = parent;
    }
    heap[at] = value;
    keys[at] = key;
  }

  #pop(): number {
    const [heap, keys] = [this.#heap, this.#keys];
    const top = heap[0];
    const value = heap.pop() as number;
    const key = keys.pop() as number;
    const length = heap.length;
    if (length === 0) return top;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= length) break;
      if (child + 1 < length && keys[child + 1] < keys[child]) child++;
      if (keys[child] >= key) break;
      heap[at] = heap[child];
      keys[at] = keys[child];
      at = child;
    }
    heap[at] = value;
    keys[at] = key;
    return top;
  }
}
