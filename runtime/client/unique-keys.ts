import { checkStorable } from '../model/codec.ts'
import { InvalidOptionsError } from '../model/invalid-options-error.ts'
import type { Job } from '../model/job.ts'
import type { RunId } from '../model/run-id.ts'
import { parseInput } from '../model/standard-schema.ts'
import { keysOf, uniqueClaim } from '../model/unique.ts'
import type { HeldKeyPage, HeldKeyQuery } from '../store/held-keys.ts'
import type { Inspector } from '../store/store.ts'
import type { RunHandle } from './run-handle.ts'

/** Which of the held keys, and the page. */
export interface HeldKeysOptions extends Pick<HeldKeyQuery, 'cursor'> {
  /** Left out: of every job. */
  readonly job?: Job | string
  /** About this many; default 100. */
  readonly limit?: number
}

/** Reads the unique keys of a store: a snapshot, outdated as soon as it is read. */
export class UniqueKeys {
  readonly #inspector: Pick<Inspector, 'holder' | 'heldKeys'>
  readonly #handle: (id: RunId) => RunHandle<unknown>

  constructor(inspector: Pick<Inspector, 'holder' | 'heldKeys'>, handle: (id: RunId) => RunHandle<unknown>) {
    this.#inspector = inspector
    this.#handle = handle
  }

  /**
   * Lists the held unique keys, each with the run that holds it, a page at a time.
   * @throws InvalidOptionsError
   * @example
   * for (const { key, run } of (await jobs.unique.list({ job: 'import-file' })).keys) console.log(key, run)
   */
  list({ job, ...page }: HeldKeysOptions = {}): Promise<HeldKeyPage> {
    const name = typeof job === 'object' ? job.name : job
    return this.#inspector.heldKeys({ limit: 100, ...page, ...(name === undefined ? {} : { job: name }) })
  }

  /**
   * Returns the run that holds the unique key which this input would need; undefined when an enqueue would create a
   * run.
   * @throws InvalidInputError, SerializationError, InvalidOptionsError when the job has no option `unique`
   * @example
   * const busy = await jobs.unique.holder(importFile, { file: 'a.csv' })
   * if (busy) await busy.cancel({ reason: 'a newer file has come' })
   */
  async holder<Input, Output>(
    job: Job<Input, Output>,
    ...[input]: undefined extends Input ? [input?: NoInfer<Input>] : [input: NoInfer<Input>]
  ): Promise<RunHandle<Output> | undefined> {
    if (job.unique === undefined) {
      throw new InvalidOptionsError(`job '${job.name}' has no unique key; give it the option unique`)
    }
    const parsed = await parseInput(job.schema, input, job.name)
    checkStorable(parsed, `input of job '${job.name}'`)
    for (const key of keysOf(uniqueClaim(job.unique, parsed, job.name))) {
      const id = await this.#inspector.holder(job.name, key)
      if (id !== undefined) return this.#handle(id) as RunHandle<Output>
    }
    return undefined
  }
}
