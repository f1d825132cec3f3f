/** `durable-jobs runs | head -1` is no failure. */
export function endOnClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
  process.exit()
}
