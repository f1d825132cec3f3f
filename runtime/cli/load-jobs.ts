import { pathToFileURL } from 'node:url'
import { UnknownJobError } from '../model/errors.ts'
import { isJob, type Job } from '../model/job.ts'
import { closest } from './closest.ts'
import { JobFileError, toJobFileError } from './job-file-error.ts'
import { findJobFiles, type JobFiles } from './job-files.ts'
import { shortPath } from './short-path.ts'

interface LoadedFile {
  readonly path: string
  readonly jobs: readonly Job[]
  /** Names of what it exports. */
  readonly exports: readonly string[]
}

/**
 * Returns the jobs that the files and folders export, each once.
 * @throws JobFileError naming the file: it can't be loaded, exports no job, or two jobs have one name.
 */
export async function loadJobs(names: readonly string[]): Promise<readonly Job[]> {
  const loaded: LoadedFile[] = []
  for (const name of names) {
    const files = await findJobFiles(name)
    const own: LoadedFile[] = []
    for (const path of files.paths) own.push(await loadFile(path))
    if (own.every(({ jobs }) => jobs.length === 0)) throw noJob(files, own)
    loaded.push(...own)
  }
  return uniqueJobs(loaded)
}

/** @throws UnknownJobError listing the known jobs. */
export function findJob(jobs: readonly Job[], name: string, file: string): Job {
  const job = jobs.find((candidate) => candidate.name === name)
  if (job !== undefined) return job
  const known = jobs.map((candidate) => candidate.name)
  const meant = closest(name, known)
  const question = meant === undefined ? '' : ` (Did you mean ${meant}?)`
  throw new UnknownJobError(`${file} exports no job '${name}'${question}; it exports: ${known.join(', ')}`)
}

async function loadFile(path: string): Promise<LoadedFile> {
  const stuck = withoutEnd(path)
  try {
    const loading = import(pathToFileURL(path).href) as Promise<Readonly<Record<string, unknown>>>
    const module = await Promise.race([loading, stuck.promise])
    return { path, jobs: Object.entries(module).flatMap(jobsIn), exports: Object.keys(module) }
  } catch (error) {
    throw JobFileError.is(error) ? error : await toJobFileError(path, error)
  } finally {
    stuck.release()
  }
}

/** Rejects when Node would end because the file's top-level `await` never settles. */
function withoutEnd(path: string): { readonly promise: Promise<never>; release(): void } {
  const { promise, reject } = Promise.withResolvers<never>()
  const told = (): void => reject(new JobFileError(`${shortPath(path)}: its top-level await never settles`))
  process.once('beforeExit', told)
  return { promise, release: () => process.off('beforeExit', told) }
}

/** Returns a job, the jobs of a list, and those of a default export that is a plain collection of them. */
function jobsIn([name, value]: [string, unknown]): readonly Job[] {
  if (isJob(value)) return [value]
  if (Array.isArray(value)) return value.filter(isJob)
  const isCollection = name === 'default' && typeof value === 'object' && value !== null
  return isCollection ? Object.values(value).filter(isJob) : []
}

function noJob({ name, isFolder }: JobFiles, loaded: readonly LoadedFile[]): JobFileError {
  const exported = loaded.flatMap(({ exports }) => exports).join(', ') || 'nothing'
  const problem = isFolder
    ? `none of its files exports a job (checked ${loaded.map(({ path }) => shortPath(path)).join(', ')})`
    : `exports no job (it exports: ${exported})`
  return new JobFileError(
    `${name}: ${problem}; export the return value of defineJob: export const myJob = defineJob({ name: 'my-job' }, …)`,
  )
}

function uniqueJobs(loaded: readonly LoadedFile[]): readonly Job[] {
  const byName = new Map<string, { job: Job; path: string }>()
  for (const { path, jobs } of loaded) {
    for (const job of jobs) {
      const other = byName.get(job.name)
      if (other === undefined) byName.set(job.name, { job, path })
      else if (other.job !== job) throw twoOfOneName(job.name, other.path, path)
    }
  }
  return [...byName.values()].map(({ job }) => job)
}

function twoOfOneName(name: string, first: string, second: string): JobFileError {
  const places =
    first === second
      ? `${shortPath(first)} exports two`
      : `${shortPath(first)} and ${shortPath(second)} each export one`
  return new JobFileError(
    `two different jobs are named '${name}': ${places}; rename one of them: jobs are identified by name`,
  )
}
