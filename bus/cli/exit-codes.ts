export const EXIT_OK = 0;
export const EXIT_ERROR = 1;
export const EXIT_USAGE = 2;
/** Ended at once: the second Ctrl-C. */
export const EXIT_INTERRUPTED = 130;
