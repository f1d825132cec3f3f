import { resolve } from 'node:path'
import { InvalidOptionsError } from '../model/invalid-options-error.ts'

const scheme = 'sqlite:'

export function isSqliteUrl(url: string): boolean {
  return url.startsWith(scheme)
}

/**
 * Returns the absolute path of the file in `sqlite:PATH`. Resolved only where an address is parsed: the process may
 * change its folder later, and the lease thread opens the file by itself.
 * @throws InvalidOptionsError if it names no file on a disk
 */
export function sqlitePath(url: string): string {
  const path = url.slice(scheme.length)
  const problem = problemOf(path)
  if (problem !== undefined) throw new InvalidOptionsError(`store: '${url}' ${problem}`)
  try {
    return resolve(path)
  } catch (cause) {
    throw new InvalidOptionsError(
      `store: '${url}' is relative to the current folder, which is gone; write an absolute path`,
      { cause },
    )
  }
}

const inMemory =
  'is a database in memory, which neither the thread that renews leases nor another process could open, and which ' +
  "would end with its process; name a file, in a test one in a temporary folder: 'sqlite:/tmp/my-test/jobs.db'"

/** Returns what is wrong with a path, if so. */
function problemOf(path: string): string | undefined {
  if (path.trim() === '') return "names no file; write 'sqlite:PATH', such as 'sqlite:.durable-jobs/jobs.db'"
  if (/(^|[/:\\]):memory:(\?|$)/i.test(path) || /[?&]mode=memory(&|$)/i.test(path)) return inMemory
  if (/^file:/i.test(path))
    return "is a URI inside an address; write the path alone: 'sqlite:/var/lib/app/jobs.db'"
  if (path.includes('\0')) return 'has a zero byte in its path; leave it out'
  return undefined
}
