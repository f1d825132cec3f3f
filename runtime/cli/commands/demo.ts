import type { Command } from 'commander'
import { given } from '../given.ts'
import { addSharedOptions, type SharedOptions } from '../shared-options.ts'

export function addDemo(program: Command): void {
  const command = program.command('demo').description('watch a run survive the death of its worker')
  addSharedOptions(command).action(demo)
}

async function demo({ store }: SharedOptions): Promise<void> {
  const { runDemo } = await import('../demo/run-demo.ts')
  process.exitCode = await runDemo(given({ store }))
}
