/** The maximum length of a name of a job, a queue or a tag, in bytes of UTF-8. */
export const maxNameBytes = 200

/**
 * Returns whether `value` can name a job, a queue or a tag: text of 1 to 200 bytes, whole characters, no control
 * characters.
 */
export function isName(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    value !== '' &&
    value.length <= maxNameBytes &&
    value.isWellFormed() &&
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it looks for.
    !/[\u0000-\u001f\u007f]/.test(value) &&
    new TextEncoder().encode(value).length <= maxNameBytes
  )
}
