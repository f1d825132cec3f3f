import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { onTestFinished } from 'vitest'
import type { Fleet } from '../support/fleet/fleet.ts'
import { programFile } from '../support/processes/program-file.ts'
import type { EnqueueOrder, EnqueueSpec, EnqueueTotals } from './enqueue-process.ts'

const file = programFile('test/crash/enqueue-process.ts')

/** Processes that enqueue into the store of a fleet, each over its own connection. They end with their test. */
export class Enqueuers {
  readonly #children: readonly ChildProcess[]

  private constructor(children: readonly ChildProcess[]) {
    this.#children = children
  }

  static async start(fleet: Fleet, count: number): Promise<Enqueuers> {
    const spec: EnqueueSpec = { store: fleet.store, bodyLog: fleet.bodyLog.file }
    const children = Array.from({ length: count }, () =>
      fork(file, [JSON.stringify(spec)], {
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
        execArgv: ['--disable-warning=ExperimentalWarning'],
      }),
    )
    onTestFinished(() => {
      for (const child of children) child.kill('SIGKILL')
    })
    await Promise.all(children.map((child) => once(child, 'message')))
    return new Enqueuers(children)
  }

  /** Sends the order to all of them at once; resolves when each has reported its results. */
  async order(order: EnqueueOrder): Promise<EnqueueTotals> {
    const told = Promise.all(this.#children.map((child) => once(child, 'message')))
    for (const child of this.#children) child.send(order)
    const totals = (await told).map(([message]) => message as EnqueueTotals)
    return {
      created: totals.flatMap(({ created }) => created),
      joined: totals.flatMap(({ joined }) => joined),
      other: totals.flatMap(({ other }) => other),
    }
  }

  /** Ends a loop: its order resolves. */
  stop(): void {
    for (const child of this.#children) child.send({ kind: 'stop' } satisfies EnqueueOrder)
  }
}
