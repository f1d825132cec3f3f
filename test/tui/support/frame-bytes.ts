const begin = '\x1b[?1049h'
const end = '\x1b[?1049l'

/* What is left out here is how escape sequences begin and end. */
// biome-ignore-start lint/suspicious/noControlCharactersInRegex: they are made of them
const frame = /\x1b\[\?2026h.*?\x1b\[\?2026l/gs
const sequence = /\x1b\[[0-?]*[ -/]*[@-~]|\x1b\].*?(?:\x07|\x1b\\)|\x1bP.*?\x1b\\/gs
// biome-ignore-end lint/suspicious/noControlCharactersInRegex: see above

/**
 * The output of a program to its full screen outside of frames: frames are the bytes between the marks of
 * a synchronized update. Invisible sequences are omitted.
 */
export function outsideFrames(recording: string): string {
  return recording
    .split(begin)
    .slice(1)
    .map((screen) => (screen.split(end)[0] ?? '').replaceAll(frame, '').replaceAll(sequence, ''))
    .join('')
}
