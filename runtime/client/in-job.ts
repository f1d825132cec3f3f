import { frames } from '../execution/step-scope.ts'
import { handled } from '../model/handled.ts'
import { toStoredError } from '../model/stored-error.ts'

/**
 * Makes every promise that a client class returns to the code of a job reach its `await` and nothing else, as those of
 * steps do; a failed call is logged with its run. Called elsewhere (in a web app) it is returned as it is: nothing there
 * would tell of an enqueue that nobody awaits and that failed, but the process. `handledAnyway` names methods that have their handler already.
 */
export function handleCallsInJobs(
  client: { readonly prototype: object; readonly name: string },
  handledAnyway: readonly string[] = [],
): void {
  const { prototype } = client
  for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
    if (typeof value !== 'function' || name === 'constructor' || handledAnyway.includes(name)) continue
    Object.defineProperty(prototype, name, {
      value(...args: unknown[]): unknown {
        const result: unknown = value.apply(this, args)
        return result instanceof Promise ? handledInJob(result, `${client.name}.${name}`) : result
      },
    })
  }
}

function handledInJob(promise: Promise<unknown>, call: string): Promise<unknown> {
  const log = frames.getStore()?.owner.seams.log
  if (log === undefined) return promise
  return handled(promise, (error) =>
    log.warn({ call, err: toStoredError(error) }, 'a call that the run made to the store failed'),
  )
}
