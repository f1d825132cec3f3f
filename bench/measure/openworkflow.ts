import { join } from 'node:path'
import { report } from './report.ts'
import { stepsPerRun } from './ten-steps.ts'

const concurrency = Number(process.argv[2] ?? 1)
const runs = { 1: 50, 10: 100, 100: 200 }[concurrency] ?? 50

/** What is used of the peer; it is installed for benchmarks only. */
interface Peer {
  OpenWorkflow: new (options: {
    backend: PeerBackend
  }) => {
    defineWorkflow(
      spec: { name: string },
      work: (context: {
        step: { run(options: { name: string }, body: () => unknown): Promise<unknown> }
      }) => Promise<void>,
    ): { run(): Promise<unknown> }
    newWorker(options: { concurrency: number }): { start(): Promise<void>; stop(): Promise<void> }
  }
}
interface PeerBackend {
  stop(): Promise<void>
}
interface PeerSqlite {
  BackendSqlite: { connect(path: string): PeerBackend }
}

await report(async (folder) => {
  const { OpenWorkflow } = (await import('openworkflow' as string)) as Peer
  const { BackendSqlite } = (await import('openworkflow/sqlite' as string)) as PeerSqlite
  const backend = BackendSqlite.connect(join(folder, 'workflows.db'))
  const openWorkflow = new OpenWorkflow({ backend })
  const { promise: allEnded, resolve } = Promise.withResolvers<void>()
  let ended = 0
  const workflow = openWorkflow.defineWorkflow({ name: 'ten-steps' }, async ({ step }) => {
    for (let i = 0; i < stepsPerRun; i++) await step.run({ name: `step ${i}` }, () => i)
    if (++ended === runs) resolve()
  })
  for (let i = 0; i < runs; i++) await workflow.run()
  const worker = openWorkflow.newWorker({ concurrency })
  const start = performance.now()
  await worker.start()
  await allEnded
  const perSecond = ((runs * stepsPerRun) / (performance.now() - start)) * 1_000
  await worker.stop()
  await backend.stop()
  return { perSecond }
})
