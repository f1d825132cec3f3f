import type { Command } from 'commander'
import type { StoreCheck } from '../../store/store.ts'
import { withJobs } from '../connection.ts'
import { paint, print, printJson, printTable } from '../output.ts'
import { addSharedOptions, type SharedOptions } from '../shared-options.ts'
import type { Column } from '../table.ts'

const colours = { fine: 'green', warning: 'yellow', fault: 'red' } as const

const columns: readonly Column<StoreCheck>[] = [
  { title: 'CHECK', cell: (check) => check.name },
  {
    title: 'VERDICT',
    cell: (check) => check.verdict,
    paint: (text, { verdict }) => paint(colours[verdict], text),
  },
  { title: 'FOUND', cell: (check) => check.found },
  { title: 'WHAT TO DO', cell: (check) => check.remedy ?? '' },
]

export function addDoctor(program: Command): void {
  const command = program.command('doctor').description('check the store and this host; exit 1 on a fault')
  addSharedOptions(command).action(doctor)
}

async function doctor(options: SharedOptions): Promise<void> {
  await withJobs(options, async ({ inspector }) => {
    const { address, checks } = await inspector.facts()
    const workers = (await inspector.workers()).length
    const node = process.versions.node
    if (checks.some(({ verdict }) => verdict === 'fault')) process.exitCode = 1
    if (options.json) return printJson({ address, node, workers, checks })
    print(`store    ${address}`)
    print(`node     ${node}`)
    print(`workers  ${workers}`)
    print('')
    printTable(columns, checks)
  })
}
