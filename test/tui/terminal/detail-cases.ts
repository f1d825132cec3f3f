import { expect } from 'vitest'
import type { ScreenName } from '../../../tui/app/place.ts'
import { type KeyCase, type Pressed, rests, saying } from './key-case.ts'
import type { Wanted } from './stage.ts'

type Texts = Extract<Wanted, readonly unknown[]>

/** A tab of a run, with the store's data for it; `e` leaves the run unchanged. */
function tab(name: string, wanted: (pressed: Pressed) => Texts | Promise<Texts>): KeyCase {
  return async (pressed) => {
    const { stage, key } = pressed
    await stage.press(key)
    await stage.shows([new RegExp(`── ${name} `), ...(await wanted(pressed))])
    await stage.press('e')
    await stage.shows(/── error /)
    await rests(pressed)
  }
}

const tabCases: Readonly<Record<string, KeyCase>> = {
  'show why': tab('why', async ({ shop }) => {
    const { sentences } = await shop.jobs.explain(shop.failed)
    // The first line counts seconds; a line wraps where it has to.
    return sentences.flatMap((sentence) => sentence.split(' ').slice(-1))
  }),
  'show error': tab('error', () => ['StepFailedError', 'card declined, code 42']),
  'show input': tab('input', ({ shop: { failedOrder } }) => [
    ...[failedOrder.order, failedOrder.placed.toISOString()],
    ...failedOrder.lines.map(({ sku }) => sku),
  ]),
  'show output': tab('output', () => ['it has no output: it is failed']),
  'show history': tab('history', async ({ shop }) => {
    const history = await shop.jobs.inspector.history(shop.failed)
    return history.flatMap(({ by, reason }) => [by ?? '', reason ?? ''])
  }),
  'show about': tab('about', async ({ shop }) => {
    const run = await shop.jobs.inspector.run(shop.failed)
    return [
      new RegExp(`run +${run?.id}`),
      `${run?.job}, version ${run?.version}`,
      new RegExp(`state +${run?.state}`),
    ]
  }),
  'next tab': tab('input', () => []),
  'previous tab': tab('why', () => []),
}

/** The row with rows below it to fold, and those rows. */
const folds: Readonly<Partial<Record<ScreenName, { readonly row: number; readonly below: string }>>> = {
  run: { row: 2, below: 'pack' },
  step: { row: 1, below: 'orders.ts' },
}

/** The sign before a row says whether it is folded. */
const fold: KeyCase = async (pressed) => {
  const { stage, key, rows, screen } = pressed
  const { row, below } = folds[screen] ?? { row: 0, below: '' }
  const signOf = (cursor = ''): string => cursor.slice(2, 3)
  await stage.press(...Array.from({ length: row }, () => 'j'))
  const before = await stage.cursorOn(rows[row] ?? '')
  const isOpen = before.text.includes(below)
  expect(signOf(before.cursor)).toBe(isOpen ? '-' : '+')
  await stage.press(key)
  await stage.shows(
    (frame) => signOf(frame.cursor) === (isOpen ? '+' : '-') && frame.text.includes(below) !== isOpen,
  )
  await stage.press(key)
  await stage.shows(
    (frame) => signOf(frame.cursor) === (isOpen ? '-' : '+') && frame.text.includes(below) === isOpen,
  )
  await stage.press('g')
  await rests(pressed)
}

const shortWaits: KeyCase = async (pressed) => {
  const { stage, key } = pressed
  await stage.press(key)
  await stage.shows('long waits are drawn short')
  await stage.press(key)
  await stage.shows('true clock (w: shorter waits)')
  await rests(pressed)
}

/** Only the fields in which the two errors of the step differ have a sign. */
const differences: KeyCase = async (pressed) => {
  const { stage, key } = pressed
  await stage.press(key)
  await stage.shows([/- .*code 41/, /\+ .*code 42/])
  await stage.press(key)
  await stage.shows((frame) => !/- .*code 41/.test(frame.text))
  await rests(pressed)
}

/** The terminal's clipboard equals the store's data. */
const copy: KeyCase = async (pressed) => {
  const { stage, key, about, shop } = pressed
  if (about.copy === undefined) return saying(() => 'nothing here can be copied')(pressed)
  await stage.press(key)
  if (about.copy.key !== undefined) {
    await stage.shows(/▸─ copy /)
    await stage.press(about.copy.key)
  }
  await stage.shows(({ message }) => message.includes('sent to the clipboard of your terminal'))
  await rests(pressed)
  await expect.poll(() => stage.terminal.copied()).toBe(await about.copy.text(shop))
}

const reported: Readonly<Partial<Record<ScreenName, (pressed: Pressed) => Promise<Texts>>>> = {
  run: async ({ shop }) => ['# ', shop.failed, 'card declined'],
  failures: async ({ shop }) => {
    const [group] = await shop.jobs.inspector.failures({ limit: 1 })
    return [
      `# ${group?.failedNow} runs of ${group?.job} are failed`,
      group?.fingerprint ?? '',
      group?.sample ?? '',
    ]
  },
}

const report: KeyCase = async (pressed) => {
  const { stage, key, screen } = pressed
  await stage.press(key)
  await stage.shows(({ message }) => message.includes('the incident report sent to the clipboard'))
  for (const part of (await reported[screen]?.(pressed)) ?? []) {
    await expect.poll(() => stage.terminal.copied()).toContain(part)
  }
  await rests(pressed)
}

const paged: Readonly<Partial<Record<ScreenName, (pressed: Pressed) => readonly string[]>>> = {
  run: () => ['StepFailedError', 'caused by', 'card declined, code 42'],
  step: () => ['card declined, code 41', 'card declined, code 42'],
  failures: () => ['card declined', 'tries'],
  events: ({ rows }) => [rows[0] ?? '', "worker shop-a joined: 'settle' version 1"],
}

/** The pager of the test saves its input. */
const page: KeyCase = async (pressed) => {
  const { stage, key, screen } = pressed
  await stage.press(key)
  for (const part of paged[screen]?.(pressed) ?? ['no screen']) {
    await expect.poll(() => stage.terminal.file('paged') ?? '').toContain(part)
  }
  await rests(pressed)
}

export const detailCases: Readonly<Record<string, KeyCase>> = {
  ...tabCases,
  fold,
  'short waits': shortWaits,
  differences,
  copy,
  report,
  page,
}
