/** Terminals refuse longer ones, some in silence. */
const maxBytes = 74_994

/**
 * Returns what asks a terminal to put text into its clipboard (OSC 52), also over ssh; undefined for a text that is too long.
 * Nothing tells whether the terminal did.
 */
export function clipboardSequence(text: string): string | undefined {
  const bytes = Buffer.from(text, 'utf8')
  return bytes.length > maxBytes ? undefined : `\x1b]52;c;${bytes.toString('base64')}\x07`
}
