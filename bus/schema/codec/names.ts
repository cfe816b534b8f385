/**
 * Name of a field, enum value or method in TypeScript: snake_case becomes camelCase, names all in capitals stay.
 * @param name identifier of a schema file
 */
export const camelCase = (name: string): string =>
  /[a-z]/.test(name) ? name.replace(/_+([A-Za-z0-9])/g, (_, letter: string) => letter.toUpperCase()) : name;

/**
 * Names that mean something else on the reader of a message, or that every object has, so that a field that is left
 * out would seem to be there: a field of that name gets an underscore behind.
 */
const TAKEN: ReadonlySet<string> = new Set(
  "at constructor hasOwnProperty isPrototypeOf propertyIsEnumerable prototype then toLocaleString toString valueOf".split(
    " ",
  ),
);

/** Name of a table's or struct's field in the objects of TypeScript. */
export const fieldKey = (name: string): string => {
  const key = camelCase(name);
  return TAKEN.has(key) ? `${key}_` : key;
};

export const lowerFirst = (name: string): string => name.slice(0, 1).toLowerCase() + name.slice(1);
export const upperFirst = (name: string): string => name.slice(0, 1).toUpperCase() + name.slice(1);
