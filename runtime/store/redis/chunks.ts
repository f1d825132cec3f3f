/** Splits a flat reply into its groups of `size` values. */
export function chunks<Group extends readonly unknown[]>(
  flat: readonly unknown[],
  size: Group['length'],
): Group[] {
  return Array.from(
    { length: Math.ceil(flat.length / size) },
    (_, i) => flat.slice(i * size, (i + 1) * size) as unknown as Group,
  )
}
