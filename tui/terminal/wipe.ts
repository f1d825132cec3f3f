/** Empties the screen, cursor at its begin. */
const emptyScreen = '\x1b[2J\x1b[H'

/**
 * Makes ink paint the whole of its next frame on an empty screen. To be called when the terminal was resized: ink paints the
 * frame of the old size once more then, whose lines no longer are where it believes them to be.
 */
export function wipe(drawing: { clear(): void }, stdout: Pick<NodeJS.WriteStream, 'write'>): void {
  drawing.clear()
  stdout.write(emptyScreen)
}
