import type { Command } from 'commander'
import { defined } from '../../model/defined.ts'
import type { StoreCheck } from '../../store/store.ts'
import { withConnection } from '../connection.ts'
import { paint, print, printJson, screenWidth } from '../output.ts'
import { packageVersion } from '../package-version.ts'
import { wrapAroundCommands } from '../plain-text.ts'
import { addSharedOptions, type SharedOptions } from '../shared-options.ts'

const colours = { fine: 'green', warning: 'yellow', fault: 'red' } as const

const shape =
  '{ address, version, node, workers, checks: [{ name, verdict, found, remedy? }], recounted?: { looked, miscounts } }'

interface DoctorOptions extends SharedOptions {
  readonly strict?: boolean
  readonly recount?: boolean
}

export function addDoctor(program: Command): void {
  const command = program
    .command('doctor')
    .description('check the store and this host; exit 1 on a fault')
    .option('--strict', 'exit 1 on a warning too')
    .option('--recount', 'first recount all runs and correct their counters, while workers keep running')
  addSharedOptions(command, shape).action(doctor)
}

async function doctor(options: DoctorOptions): Promise<void> {
  await withConnection(options, async (jobs) => {
    const { inspector } = jobs
    const { address } = inspector
    const recounted = options.recount ? await jobs.recountRuns() : undefined
    const checks = await inspector.checks()
    const workers = (await inspector.workers()).filter(({ lost }) => !lost).length
    const [version, node] = [packageVersion(), process.versions.node]
    if (checks.some(({ verdict }) => verdict === 'fault' || (options.strict && verdict === 'warning')))
      process.exitCode = 1
    if (options.json) return printJson({ address, version, node, workers, checks, ...defined({ recounted }) })
    print(`store         ${address}`)
    print(`durable-jobs  ${version}`)
    print(`node          ${node}`)
    print('')
    for (const check of checks) print(checkLines(check))
    if (recounted !== undefined) print(`\n${recountLine(recounted.looked, recounted.miscounts.length)}`)
    print(`\n${verdictLine(checks)}`)
  })
}

const indent = 23
const narrowest = 30

function checkLines({ name, verdict, found, remedy }: StoreCheck): string {
  const columns = screenWidth()
  const width = columns === undefined ? undefined : Math.max(narrowest, columns - indent)
  const lines = [found, ...(remedy === undefined ? [] : [`to do: ${remedy}`])]
  const body = lines.flatMap((text) => wrapAroundCommands(text, width)).join(`\n${' '.repeat(indent)}`)
  return `${paint(colours[verdict], verdict.padEnd(7))}  ${name.padEnd(12)}  ${body}`
}

function recountLine(looked: number, wrong: number): string {
  const counters = wrong === 0 ? 'no counter was wrong' : `${numbered(wrong, 'counter')} put right`
  return `recounted ${looked.toLocaleString('en')} runs: ${counters}`
}

function verdictLine(checks: readonly StoreCheck[]): string {
  const count = (verdict: StoreCheck['verdict']): number =>
    checks.filter((check) => check.verdict === verdict).length
  const [faults, warnings] = [count('fault'), count('warning')]
  if (faults + warnings === 0) return 'no problem found'
  const parts = [numbered(faults, 'fault'), numbered(warnings, 'warning')]
  return parts.filter((part) => part !== '').join(', ')
}

function numbered(count: number, word: string): string {
  return count === 0 ? '' : `${count} ${word}${count === 1 ? '' : 's'}`
}
