import type { Jobs } from '../../client/client.ts'
import { UnknownRunError } from '../../model/errors.ts'
import type { RunId } from '../../model/run-id.ts'
import { withConnection } from '../connection.ts'
import type { SharedOptions } from '../shared-options.ts'
import { wholeIds } from '../whole-ids.ts'

/** Connects and acts on one run, by its id or the first characters of it. */
export function withOneRun(
  [typed = '']: readonly string[],
  options: SharedOptions,
  act: (jobs: Jobs, id: RunId) => Promise<void>,
): Promise<void> {
  return withConnection(options, async (jobs) => {
    try {
      await act(jobs, typed)
    } catch (error) {
      if (!UnknownRunError.is(error)) throw error
      const [id = typed] = await wholeIds(jobs.inspector, [typed])
      if (id === typed) throw error
      await act(jobs, id)
    }
  })
}
