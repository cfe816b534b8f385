/** Node's own UTF-8 methods: `write` and `toString` decide about encodings on each call, these do not. */
export interface Utf8 {
  utf8Slice(from: number, to: number): string;
  /** @returns bytes written */
  utf8Write(text: string, at: number): number;
}
