/** The alternate screen, cursor at its begin. */
const fullScreen = '\x1b[?1049h\x1b[H'

/**
 * Takes the whole screen before ink does: ink paints from wherever the cursor is, and a frame as high as the screen would
 * scroll. Twice is once.
 */
export function takeFullScreen(stdout: Pick<NodeJS.WriteStream, 'write'>): void {
  stdout.write(fullScreen)
}
