/** How far long work has come. */
export interface Work {
  readonly signal?: AbortSignal;
  /** 0..1, now and then. */
  progress?(share: number): void;
}

/** @throws the signal's reason when the work was told to end */
export const goOn = (work: Work | undefined, share: number): void => {
  work?.signal?.throwIfAborted();
  work?.progress?.(share);
};
