import { CAPABILITIES, type Capabilities } from "#topology";

let known: Capabilities | undefined;

/** What this computer and this build can do, looked at once: the resolver and `explain` say why something is missing. */
export const capabilities = async (): Promise<Capabilities> => {
  if (known !== undefined) return known;
  const { ringUnavailable, threadRingUnavailable } = await import("#transport/ring");
  const missing = ringUnavailable();
  known =
    missing === undefined
      ? CAPABILITIES
      : {
          ...CAPABILITIES,
          ringBetweenProcesses: false,
          ringBetweenThreads: threadRingUnavailable() === undefined,
          ringMissing: missing,
        };
  return known;
};
