import { type Restart, RestartPolicy } from "#generated/busbar/plan";

export interface RestartRule {
  readonly policy: RestartPolicy;
  readonly max: number;
  readonly windowMs: number;
  readonly backoffMinMs: number;
  readonly backoffMaxMs: number;
}

export type RestartDecision =
  | { readonly kind: "restart"; readonly delayMs: number }
  | { readonly kind: "stay" }
  | { readonly kind: "gave-up" };

const DEFAULT_RULE: RestartRule = {
  policy: RestartPolicy.onFailure,
  max: 5,
  windowMs: 60_000,
  backoffMinMs: 200,
  backoffMaxMs: 10_000,
};

const EAGERNESS: Readonly<Record<number, number>> = {
  [RestartPolicy.never]: 0,
  [RestartPolicy.onFailure]: 1,
  [RestartPolicy.always]: 2,
};

/**
 * The rule of a process: that of its most eager service, because services of one process live and die together
 * (the first of the topology where several are equally eager).
 */
export function ruleOf(restarts: readonly (Restart | null)[]): RestartRule {
  let rule: RestartRule | undefined;
  for (const restart of restarts) {
    const next = restart ?? DEFAULT_RULE;
    if (rule === undefined || EAGERNESS[next.policy] > EAGERNESS[rule.policy]) rule = next;
  }
  return rule ?? DEFAULT_RULE;
}

/**
 * Counts restarts inside a sliding window and spaces them out: the nth in a row waits min * 2^(n-1), at most max.
 * A process that stayed up for a whole window starts again at the shortest wait. Pure: time is handed in.
 */
export class RestartBudget {
  readonly rule: RestartRule;
  #times: number[] = [];

  constructor(rule: RestartRule) {
    this.rule = rule;
  }

  /** Restarts inside the window that ended at the last decision. */
  get count(): number {
    return this.#times.length;
  }

  /**
   * @param failed whether it ended with an error, was killed, or was not ready in time
   * @param nowMs monotonic
   */
  ended(failed: boolean, nowMs: number): RestartDecision {
    const { policy, max, windowMs, backoffMinMs, backoffMaxMs } = this.rule;
    if (policy === RestartPolicy.never || (policy === RestartPolicy.onFailure && !failed)) return { kind: "stay" };
    this.#times = this.#times.filter((time) => nowMs - time < windowMs);
    if (this.#times.length >= max) return { kind: "gave-up" };
    const delayMs = Math.min(backoffMaxMs, backoffMinMs * 2 ** Math.min(this.#times.length, 30));
    this.#times.push(nowMs);
    return { kind: "restart", delayMs };
  }
}
