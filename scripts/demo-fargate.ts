import { terminalScreen } from '../runtime/cli/demo/screen.ts'
import { stagePace } from './demo-fargate/play.ts'
import { runDemo } from './demo-fargate/run-demo.ts'

/*
 * `npm run demo:fargate`: tasks come and go on a fake of ECS and a real Redis, and a receipt says what was kept. Exit 0 if
 * every check of it holds.
 */

const interruptedCode = 130

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  // The processes and folders of the story go with this one: see test/support/processes/orphans.ts.
  process.once(signal, () => process.exit(interruptedCode))
}
try {
  process.exitCode = await runDemo(terminalScreen(), () => process.stdout.rows, stagePace)
} catch (error) {
  const message = error instanceof Error ? error.message : String(error)
  process.stdout.write(`\n  the demo could not be played: ${message}\n`)
  process.exitCode = 1
}
