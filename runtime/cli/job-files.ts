import { readdir, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { JobFileError } from './job-file-error.ts'

/** The files that one name on the command line selects. */
export interface JobFiles {
  readonly name: string
  /** Whether some files may have no job, as in a folder. */
  readonly isFolder: boolean
  /** Absolute, in the order of their names. */
  readonly paths: readonly string[]
}

const isSource = /\.(?:ts|mts|js|mjs)$/
const isNoSource = /(?:\.test\.[a-z]+|\.d\.m?ts)$/

/**
 * Returns a file, or the sources in a folder and below.
 * @throws JobFileError when the path doesn't exist.
 */
export async function findJobFiles(name: string): Promise<JobFiles> {
  const path = resolve(name)
  const stats = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    const problem = cause.code === 'ENOENT' ? 'no such file or folder' : cause.message
    throw new JobFileError(`${name}: ${problem}; name a file that exports jobs, or a folder of such files`, {
      cause,
    })
  })
  if (!stats.isDirectory()) return { name, isFolder: false, paths: [path] }
  const paths = await sourcesBelow(path)
  if (paths.length === 0)
    throw new JobFileError(`${name}: no .ts, .mts, .js or .mjs file in this folder or below`)
  return { name, isFolder: true, paths }
}

async function sourcesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true })
  const found: string[] = []
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name)
    if (entry.name.startsWith('.') || entry.name === 'node_modules') continue
    if (entry.isDirectory()) found.push(...(await sourcesBelow(path)))
    else if (isSource.test(entry.name) && !isNoSource.test(entry.name)) found.push(path)
  }
  return found
}
