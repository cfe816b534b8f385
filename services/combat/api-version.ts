/** Version of the messages this half was written for; send it as `apiMajor` and `apiMinor` to have it checked. */
export const API_VERSION: { readonly apiMajor: number; readonly apiMinor: number } = { apiMajor: 1, apiMinor: 0 };
