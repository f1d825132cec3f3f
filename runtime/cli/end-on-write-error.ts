import { messageOf } from '../model/thrown.ts'

/**
 * Ends a program whose stdout can't be written. `durable-jobs runs
 * head -1` is no failure; a full disk is one.
 */
export function endOnWriteError(program: string): (error: NodeJS.ErrnoException) => void {
  return (error) => {
    if (error.code === 'EPIPE') process.exit()
    process.stderr.write(`${program}: can't write to stdout: ${messageOf(error)}\n`)
    process.exit(2)
  }
}
