import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { brandErrors, DurableJobsError } from '../model/durable-jobs-error.ts'
import { isErrorLike, messageOf, nameOf, readProperty, reasonOf } from '../model/thrown.ts'
import { shortPath } from './short-path.ts'
import { type Frame, firstUserFrame } from './stack-frames.ts'

/** A job file can't be found or loaded, or has no jobs. */
export class JobFileError extends DurableJobsError {
  override readonly name = 'JobFileError'
  readonly code = 'JOB_FILE'
}

brandErrors({ JobFileError })

/** Formats an error of a job file's `import()` as one line with its position and, if known, the remedy. */
export async function toJobFileError(path: string, thrown: unknown): Promise<JobFileError> {
  const { name, message, stack, code } = read(thrown)
  const frame = firstUserFrame(stack) ?? (name === 'SyntaxError' ? await askNode(path) : undefined)
  const place = frame === undefined ? '' : `${shortPath(frame.path)}:${frame.line}`
  const at = frame?.path === path ? place : shortPath(path)
  const via = place === '' || frame?.path === path ? '' : ` (at ${place})`
  const remedy = remedyFor(code, { name, message, url: readProperty(thrown, 'url') })
  const options = isErrorLike(thrown) ? { cause: thrown } : {}
  return new JobFileError(`${at}: ${name}: ${message}${via}${remedy === '' ? '' : `; ${remedy}`}`, options)
}

function read(thrown: unknown): { name: string; message: string; stack: string; code: unknown } {
  if (!isErrorLike(thrown)) return { name: 'thrown', message: messageOf(thrown), stack: '', code: undefined }
  const stack = readProperty(thrown, 'stack')
  return {
    name: nameOf(thrown),
    message: reasonOf(thrown).replace(/\s*\n\s*/g, ' '),
    stack: typeof stack === 'string' ? stack : '',
    code: readProperty(thrown, 'code'),
  }
}

/**
 * Node reports the line of a syntax error in JavaScript only when it ends a process, so this runs one: the import fails
 * before any code of the file runs, as it did here.
 */
function askNode(path: string): Promise<Frame | undefined> {
  const script = `import ${JSON.stringify(pathToFileURL(path).href)}`
  return new Promise((resolve) => {
    const flags = ['--input-type=module', '--eval', script]
    execFile(process.execPath, flags, { timeout: 10_000 }, (_error, _stdout, stderr) =>
      resolve(firstUserFrame(stderr)),
    )
  })
}

interface ImportFailure {
  readonly name: string
  readonly message: string
  readonly url: unknown
}

function remedyFor(code: unknown, failure: ImportFailure): string {
  switch (code) {
    case 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX':
      return 'Node only strips types: write it without, or compile the file first'
    case 'ERR_UNKNOWN_FILE_EXTENSION':
    case 'ERR_IMPORT_ATTRIBUTE_MISSING':
      return 'a job file ends in .ts, .mts, .js or .mjs'
    case 'ERR_MODULE_NOT_FOUND':
      return missingModuleRemedy(failure)
    default:
      return failure.name === 'SyntaxError' && /does not provide an export named/.test(failure.message)
        ? "a type is imported with 'import type'"
        : ''
  }
}

function missingModuleRemedy({ url, message }: ImportFailure): string {
  if (/^Cannot find package/.test(message)) return 'install it in the project of the file'
  if (typeof url !== 'string' || !url.startsWith('file:')) return ''
  const path = fileURLToPath(url)
  const sources = [`${path}.ts`, `${path}.js`, path.replace(/\.js$/, '.ts'), join(path, 'index.ts')]
  const meant = sources.find((source) => source !== path && existsSync(source))
  return meant === undefined
    ? ''
    : `import the file by its real name, with its extension: ${relative(dirname(path), meant)}`
}
