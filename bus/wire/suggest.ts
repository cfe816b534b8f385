/**
 * The candidate closest to `name` (edit distance, neighbours swapped count as one), or undefined when none is close.
 * Case and the namespace in front of a last segment weigh little, because those are what people leave out.
 */
export function suggest(name: string, candidates: Iterable<string>): string | undefined {
  const wanted = name.toLowerCase();
  let best: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const distance = closeness(wanted, candidate.toLowerCase());
    if (distance < least) {
      least = distance;
      best = candidate;
    }
  }
  return Math.floor(least) <= Math.max(1, Math.floor(wanted.length / 3)) ? best : undefined;
}

/** `; did you mean 'x'?`, or nothing: what sentences with {suggestion} want. */
export function suggestion(name: string, candidates: Iterable<string>): string {
  const best = suggest(name, candidates);
  return best === undefined ? "" : `; did you mean '${best}'?`;
}

const LENGTH_MAX = 128; // names of peers and typing errors are shorter; the cost is the product of both lengths

function closeness(wanted: string, candidate: string): number {
  if (wanted === candidate) return 0;
  const whole = editDistance(wanted, candidate);
  const dot = candidate.lastIndexOf(".");
  if (dot < 0 || wanted.includes(".")) return whole;
  return Math.min(whole, 0.5 + editDistance(wanted, candidate.slice(dot + 1)));
}

function editDistance(a: string, b: string): number {
  if (a.length > LENGTH_MAX || b.length > LENGTH_MAX) return Number.POSITIVE_INFINITY;
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      row[j] = Math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        row[j] = Math.min(row[j], before[j - 2] + 1);
    }
    before = last;
    last = row;
  }
  return last[b.length];
}
