/** A shape of the SDK as it travels: times are epoch seconds with a fraction, and JSON leaves undefined members out. */
export type Wire<T> = T extends Date
  ? number
  : T extends readonly (infer Item)[]
    ? readonly Wire<Item>[]
    : T extends object
      ? { readonly [Key in keyof T]: Wire<T[Key]> }
      : T

/** Milliseconds since the epoch as a time on the wire. */
export function wireTime(ms: number): number
export function wireTime(ms: number | undefined): number | undefined
export function wireTime(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1_000
}
