import { startDemo } from '../../../tui/demo/demo.ts'

/** A process that has a demo, for a test that kills it. It says where the demo is, and never ends it. */
const demo = await startDemo({ seed: 1 })
const workers = await demo.jobs.inspector.workers()
process.send?.({ url: demo.url, pids: workers.map(({ pid }) => pid) })
