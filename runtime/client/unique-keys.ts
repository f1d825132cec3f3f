import { checkStorable } from '../model/codec.ts'
import { InvalidOptionsError } from '../model/invalid-options-error.ts'
import type { Job } from '../model/job.ts'
import type { RunId } from '../model/run-id.ts'
import { parseInput } from '../model/standard-schema.ts'
import { keysOf, uniqueClaim } from '../model/unique.ts'
import type { Inspector } from '../store/store.ts'
import type { RunHandle } from './run-handle.ts'

/** Looks at the unique keys of a store: a snapshot, over as soon as it is read. */
export class UniqueKeys {
  readonly #inspector: Pick<Inspector, 'holder'>
  readonly #handle: (id: RunId) => RunHandle<unknown>

  constructor(inspector: Pick<Inspector, 'holder'>, handle: (id: RunId) => RunHandle<unknown>) {
    this.#inspector = inspector
    this.#handle = handle
  }

  /**
   * The run that holds the unique key which this input would need; undefined when an enqueue would make a run.
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
