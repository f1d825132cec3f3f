import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { DurableJobsError } from '../model/durable-jobs-error.ts'

/** A job file can't be found or loaded, or holds no jobs. */
export class JobFileError extends DurableJobsError {
  override readonly name = 'JobFileError'
  readonly code = 'JOB_FILE'
}

/** A path as a person in this folder would type it. */
export function shortPath(path: string): string {
  const short = relative(process.cwd(), path)
  return short.startsWith('..') || short === '' ? path : short
}

/** What `import()` of a job file threw, as one line with its place and, where one is known, the remedy. */
export async function toJobFileError(path: string, thrown: unknown): Promise<JobFileError> {
  const { name, message, stack, code } = read(thrown)
  const place = placeOf(stack) ?? (name === 'SyntaxError' ? await askNode(path) : undefined)
  const at = place === undefined || !place.startsWith(`${path}:`) ? shortPath(path) : shortPath(place)
  const via = place === undefined || place.startsWith(`${path}:`) ? '' : ` (at ${shortPath(place)})`
  const remedy = remedyFor(code, thrown)
  const options = thrown instanceof Error ? { cause: thrown } : {}
  return new JobFileError(`${at}: ${name}: ${message}${via}${remedy === '' ? '' : `; ${remedy}`}`, options)
}

function read(thrown: unknown): { name: string; message: string; stack: string; code: unknown } {
  if (!(thrown instanceof Error))
    return { name: 'thrown', message: String(thrown), stack: '', code: undefined }
  const message = thrown.message.replace(/\s*\n\s*/g, ' ')
  return {
    name: thrown.name,
    message,
    stack: thrown.stack ?? '',
    code: (thrown as NodeJS.ErrnoException).code,
  }
}

const ownFolders = ['../../runtime/', '../../sdk/'].map((folder) =>
  fileURLToPath(new URL(folder, import.meta.url)),
)

/** `path:line` of the first line of `stack` that is in a user's file. */
function placeOf(stack: string): string | undefined {
  const header = /^(?<file>(?:file:\/\/)?\/.*):(?<line>\d+)$/m.exec(stack)
  const frames = [...stack.matchAll(/(?<file>file:\/\/\/[^\s)]+?):(?<line>\d+):\d+\)?$/gm)]
  for (const match of [...(header ? [header] : []), ...frames]) {
    const { file = '', line = '' } = match.groups ?? {}
    const path = file.startsWith('file:') ? fileURLToPath(file) : file
    const foreign = path.includes('/node_modules/') || ownFolders.some((folder) => path.startsWith(folder))
    if (!foreign) return `${path}:${line}`
  }
  return undefined
}

/**
 * Node tells the line of a syntax error in JavaScript only when it ends a process, so one is let end:
 * the import fails before any code of the file runs, as it did here.
 */
function askNode(path: string): Promise<string | undefined> {
  const script = `import ${JSON.stringify(pathToFileURL(path).href)}`
  return new Promise((resolve) => {
    const flags = ['--input-type=module', '--eval', script]
    execFile(process.execPath, flags, { timeout: 10_000 }, (_error, _stdout, stderr) =>
      resolve(placeOf(stderr)),
    )
  })
}

function remedyFor(code: unknown, thrown: unknown): string {
  switch (code) {
    case 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX':
      return 'Node only strips types: write it without, or compile the file first'
    case 'ERR_UNKNOWN_FILE_EXTENSION':
    case 'ERR_IMPORT_ATTRIBUTE_MISSING':
      return 'a job file ends in .ts, .mts, .js or .mjs'
    case 'ERR_MODULE_NOT_FOUND':
      return missingModuleRemedy(thrown as { url?: unknown; message: string })
    default:
      return ''
  }
}

function missingModuleRemedy({ url, message }: { url?: unknown; message: string }): string {
  if (/^Cannot find package/.test(message)) return 'install it in the project of the file'
  if (typeof url !== 'string' || !url.startsWith('file:')) return ''
  const path = fileURLToPath(url)
  const sources = [`${path}.ts`, `${path}.js`, path.replace(/\.js$/, '.ts'), join(path, 'index.ts')]
  const meant = sources.find((source) => source !== path && existsSync(source))
  return meant === undefined
    ? ''
    : `imports name the file as it is, with its extension: ${relative(dirname(path), meant)}`
}
