/** Freezes an object graph. Typed arrays cannot be frozen and stay as they are. Development mode only. */
export const deepFreeze = (value: unknown): void => {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value) || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const part of Object.values(value)) deepFreeze(part);
};
