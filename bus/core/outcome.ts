/** Outcomes of an offer to one edge, worst last. */
export const NOT_FOR_IT = 0;
export const SENT = 1;
export const FULL = 2;
export const CLOSED = 3;
