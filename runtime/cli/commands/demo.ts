import type { Command } from 'commander'
import { defined } from '../../model/defined.ts'
import { addStoreOption } from '../shared-options.ts'

interface DemoOptions {
  readonly store?: string
  readonly keep?: boolean
}

export function addDemo(program: Command): void {
  const command = program
    .command('demo')
    .description('watch a run survive the death of its worker')
    .option('--keep', 'leave its folder and print the path, as in a terminal; else all it made is deleted')
  addStoreOption(command).action(demo)
}

async function demo({ store, keep }: DemoOptions): Promise<void> {
  const { runDemo } = await import('../demo/run-demo.ts')
  process.exitCode = await runDemo(defined({ store, keep }))
}
