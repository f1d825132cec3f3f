/*
 * Copies by OSC 52: the terminal, not this host, puts the text into the user's clipboard, so that it works over ssh. No
 * terminal reports success. One that does not know the sequence, or forbids it, ignores it.
 */

/** What the terminal is behind, by the environment. */
export interface CopyEnvironment {
  readonly TMUX?: string | undefined
  readonly STY?: string | undefined
  readonly TERM?: string | undefined
}

export type CopySequence =
  | { readonly kind: 'sequence'; readonly text: string }
  | { readonly kind: 'too long'; readonly bytes: number; readonly maxBytes: number }

/** The minimum that xterm, tmux and most others accept: 74,994 bytes are 99,992 of base64. */
export const maxCopyBytes = 74_994

const esc = '\u001b'
const stringEnd = `${esc}\\`
/** GNU screen takes strings of at most 768 bytes. */
const screenChunk = 700

/** Returns what to write to the terminal to copy a text; its escape bytes are written as they are, not as a part of a frame. */
export function copySequence(text: string, environment: CopyEnvironment): CopySequence {
  const bytes = Buffer.byteLength(text)
  if (bytes > maxCopyBytes) return { kind: 'too long', bytes, maxBytes: maxCopyBytes }
  const sequence = `${esc}]52;c;${Buffer.from(text).toString('base64')}\u0007`
  if (isSet(environment.TMUX)) return { kind: 'sequence', text: sequence + throughTmux(sequence) }
  if (isSet(environment.STY)) return { kind: 'sequence', text: throughScreen(sequence) }
  return { kind: 'sequence', text: sequence }
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== ''
}

/**
 * tmux takes a plain sequence under `set-clipboard on` and passes a wrapped one on under `allow-passthrough on`, each
 * silently dropped otherwise: both are sent, and copying twice is copying once.
 */
function throughTmux(sequence: string): string {
  return `${esc}Ptmux;${sequence.replaceAll(esc, esc + esc)}${stringEnd}`
}

function throughScreen(sequence: string): string {
  const chunks: string[] = []
  for (let at = 0; at < sequence.length; at += screenChunk) chunks.push(sequence.slice(at, at + screenChunk))
  return chunks.map((chunk) => `${esc}P${chunk}${stringEnd}`).join('')
}

/** Returns the message after the sequence is written: only the sending is known. */
export function copyNote(what: string, result: CopySequence): string {
  if (result.kind === 'sequence') return `${what} sent to the clipboard of your terminal`
  const [bytes, most] = [result.bytes, result.maxBytes].map((n) => n.toLocaleString('en'))
  return `${what} is too long to copy: ${bytes} bytes, a terminal takes ${most}; open it in the pager with o`
}
