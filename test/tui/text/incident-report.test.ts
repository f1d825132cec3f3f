import { expect, test } from 'vitest'
import type { OperationEvent } from '../../../runtime/store/events.ts'
import { type Incident, incidentReport } from '../../../tui/text/incident-report.ts'

const now = Date.UTC(2026, 10, 29, 12, 4, 31)
const lost: OperationEvent = {
  kind: 'operation',
  cursor: 'e-1',
  at: now - 120_000,
  operation: 'worker lost',
  subject: 'w1',
  count: 3,
  details: { cause: 'lease' },
}
const incident: Incident = {
  title: '1,204 runs of pay fail: StripeError 429',
  severity: 'critical',
  causes: ['StripeError: 429 rate_limit at step charge.', 'The limiter stripe is saturated.'],
  since: now - 700_000,
  nearby: 'first seen 11:52:51 UTC, 40 s after version 17 of pay started',
  events: [lost],
  runs: [{ id: 'run-1', text: 'failed: StripeError: 429' }],
  runCount: 1_204,
  commands: ["durable-jobs runs --fingerprint f1 --store 'redis://prod'"],
  store: 'redis://prod',
  environment: 'prod',
  now,
}

test('a report has cause, start, timeline, runs and commands', () => {
  expect(incidentReport(incident)).toMatchInlineSnapshot(`
    "# 1,204 runs of pay fail: StripeError 429

    - severity: critical
    - since: 2026-11-29T11:52:51.000Z (11 min 40 s)
    - changed nearby: first seen 11:52:51 UTC, 40 s after version 17 of pay started
    - store: \`redis://prod\` (prod)
    - as of: 2026-11-29T12:04:31.000Z

    ## Cause

    - StripeError: 429 rate\\_limit at step charge.
    - The limiter stripe is saturated.

    ## Timeline (UTC)

    - 12:02:31 worker w1 lost: its lease expired, it held 3 runs

    ## Runs (1,204)

    - \`run-1\` failed: StripeError: 429
    - … 1,203 more

    ## Commands

    \`\`\`sh
    durable-jobs runs --fingerprint f1 --store 'redis://prod'
    \`\`\`
    "
  `)
})

test('unknown parts are omitted', () => {
  const { causes, store } = incident
  expect(incidentReport({ title: 'quiet', causes, events: [], runs: [], commands: [], store, now })).toBe(
    [
      '# quiet\n',
      `- store: \`redis://prod\`\n- as of: ${new Date(now).toISOString()}\n`,
      '## Cause\n',
      '- StripeError: 429 rate\\_limit at step charge.\n- The limiter stripe is saturated.\n',
    ].join('\n'),
  )
})

test('an incident that started before it was seen is marked', () => {
  expect(incidentReport({ ...incident, sinceAtLeast: true })).toContain('(11 min 40 s or longer)')
})

test('long lists report how much is omitted', () => {
  const events = Array.from({ length: 35 }, () => lost)
  const runs = Array.from({ length: 25 }, (_, i) => ({ id: `r${i}`, text: '' }))
  const { runCount: _, ...rest } = incident
  const report = incidentReport({ ...rest, events, runs })
  expect(report).toContain('- … 5 earlier events\n')
  expect(report).toContain('## Runs (25)')
  expect(report).toContain('- `r19`\n- … 5 more\n')
})

test('text of a job is escaped in the report', () => {
  const evil = '\u001b[31m](http://x) <img> `a`\n# b'
  const report = incidentReport({
    ...incident,
    title: evil,
    runs: [{ id: evil, text: evil }],
    commands: ['echo ```'],
  })
  expect(report.split('\n')[0]).toBe('# \\\\u001b\\[31m\\](http://x) \\<img\\> \\`a\\`\\\\n\\# b')
  expect(report).toContain('````sh\necho ```\n````')
  expect(report).not.toContain('\u001b')
})
