import { commandLine, inStore } from '../../describe/command-line.ts'
import type { RunId } from '../../model/run-id.ts'
import { wrap } from '../plain-text.ts'
import type { Check } from './receipt.ts'
import { type DemoScreen, paintLine, type Span } from './screen.ts'

const margin = '  '
const nameWidth = 9
const widest = 100

/** The checks, a sign before each: passed or failed. */
export function receiptLines(checks: readonly Check[], screen: DemoScreen): string {
  const width = Math.min(screen.columns() ?? Number.POSITIVE_INFINITY, widest) - 1
  const indent = margin.length + 2 + nameWidth
  const lines = checks.flatMap(({ name, holds, found }): Span[][] => {
    const sign: Span = holds ? ['✓ ', ['green', 'bold']] : ['✗ ', ['red', 'bold']]
    return wrap(found, Math.max(20, width - indent)).map((text, i) =>
      i === 0 ? [[margin], sign, [name.padEnd(nameWidth), 'dim'], [text]] : [[' '.repeat(indent)], [text]],
    )
  })
  const painted = lines.map((spans) => (screen.live ? paintLine(spans, width) : plainLine(spans)))
  return `\n${painted.join('\n')}\n`
}

/** What to do next; `store` is where the run is. */
export function nextLines(run: RunId, store: string | undefined, { terminal }: DemoScreen): string {
  const looks =
    store === undefined
      ? [`${demoCommand()} --store sqlite:demo.db keeps the run for durable-jobs show`]
      : [commandLine(['show', run], { store }), ...(terminal ? [inStore(`jobs-tui ${run}`, { store })] : [])]
  const next = ['your own first job, in README.md', ...looks]
  return `\n${next.map((line, i) => `${margin}${i === 0 ? 'next: ' : '      '}${line}\n`).join('')}`
}

/** As it was called: npm passes options on behind `--`. */
function demoCommand(): string {
  return process.env.npm_lifecycle_event === 'demo' ? 'npm run demo --' : 'durable-jobs demo'
}

function plainLine(spans: readonly Span[]): string {
  return spans.map(([text]) => text).join('')
}
