import { BusError } from "#wire";
import type { Clock } from "./hub-api.ts";
import type { Link } from "./link.ts";

/**
 * Resolves once all links are open.
 * @throws BusError core/timeout, core/cancelled, core/closed, each naming the links that are missing
 */
export const allOpen = (
  links: readonly Link[],
  clock: Clock,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<void> => {
  const what = (): string => {
    const missing = links.filter((link) => !link.isOpen);
    const notes = missing.map((link) => `${link.edge.name}${link.note === undefined ? "" : ` (${link.note})`}`);
    return `connecting ${notes.join(", ")}`;
  };
  return new Promise<void>((resolve, reject) => {
    const end = (error?: BusError): void => {
      cancel();
      signal?.removeEventListener("abort", aborted);
      if (error === undefined) resolve();
      else reject(error);
    };
    const aborted = (): void => end(new BusError("core/cancelled", { details: { what: what() } }));
    const cancel = clock.after(timeoutMs, () =>
      end(new BusError("core/timeout", { details: { what: what(), timeout: `${timeoutMs} ms` } })),
    );
    signal?.addEventListener("abort", aborted, { once: true });
    if (signal?.aborted) aborted();
    void Promise.all(links.map((link) => link.whenOpen())).then(() => {
      const closed = links.find((link) => link.state === "closed");
      end(closed && new BusError("core/closed", { details: { what: `the link ${closed.edge.name}` } }));
    });
  });
};
