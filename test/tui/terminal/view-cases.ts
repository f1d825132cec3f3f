import { expect } from 'vitest'
import { type KeyCase, nothing, type Pressed, rests, saying } from './key-case.ts'

const filter: KeyCase = async (pressed) => {
  const { stage, key, about, shop, rows } = pressed
  if (about.filter === undefined) return saying(() => 'this screen has no filter')(pressed)
  const left = await about.filter.left(shop)
  const hidden = rows.filter((row) => !left.some((one) => row.includes(one)))
  await stage.press(key)
  await stage.shows(({ message }) => message.startsWith('/'))
  await stage.type(about.filter.typed)
  const isLeft = (line: string): boolean => left.every((one) => line.includes(one))
  await stage.shows(
    ({ body, message }) =>
      message.startsWith(`/${about.filter?.typed}`) &&
      isLeft(body.join('\n')) &&
      !body.some((line) => /^[▸ ][ *]/.test(line) && hidden.some((row) => line.slice(2).startsWith(row))),
  )
  await stage.press('esc')
  await rests(pressed)
}

const fixedOrder = saying(() => 'the order of this list is fixed')

const columnMarks = [/[A-Z] ▼/, /[A-Z] ▲/] as const

/** The titles that the picker has are the screen's own; the chosen one orders the list and marks its column. */
const sort: KeyCase = async (pressed) => {
  const { stage, key, about, shop } = pressed
  if (about.sort === undefined) return fixedOrder(pressed)
  const { line, rows, marks = columnMarks } = about.sort
  await stage.press(key)
  await stage.shows(/▸─ sort by /)
  await stage.press(...Array.from({ length: line }, () => 'j'), 'enter')
  const [first = ''] = await rows(shop)
  await stage.cursorOn(first)
  await stage.shows(marks[0])
}

/** Comes after `sort`: the order that was chosen is turned around. */
const flipSort: KeyCase = async (pressed) => {
  const { stage, key, about, shop } = pressed
  if (about.sort === undefined) return fixedOrder(pressed)
  const last = (await about.sort.rows(shop)).at(-1) ?? ''
  await stage.press(key)
  await stage.shows(about.sort.marks?.[1] ?? columnMarks[1])
  await stage.cursorOn(last)
}

/** Home is where it is written. */
const range: KeyCase = async (pressed) => {
  const { stage, key } = pressed
  const isHome = pressed.screen === 'home'
  for (const name of ['hour', '24 h', '5 min']) {
    await stage.press(key, ...(isHome ? [] : ['1']))
    await stage.shows(`the last ${name} (t)`)
    if (!isHome) await stage.press('-')
    await rests(pressed)
  }
}

const freeze: KeyCase = async (pressed) => {
  const { stage, key } = pressed
  await stage.press(key)
  await stage.shows(({ status }) => status.includes('FROZEN'))
  await stage.press(key)
  await stage.shows(({ status }) => !status.includes('FROZEN'))
  await rests(pressed)
}

/** The details of the row replace the list. */
const zoom: KeyCase = async (pressed) => {
  const { stage, key, rows } = pressed
  await stage.press(key)
  const [first = ''] = rows
  // The rule names it, or the line below: a failure's rule has its fingerprint.
  await stage.shows(
    ({ body, cursor }) => cursor === undefined && body.slice(0, 2).some((line) => line.includes(first)),
  )
  await stage.press(key)
  await rests(pressed)
}

/** The list of unique keys replaces the limiters; the shop holds none. */
const uniqueKeys: KeyCase = async (pressed) => {
  const { stage, key } = pressed
  await stage.press(key)
  await stage.shows(/unique keys/)
  await stage.shows(({ body }) => !body.some((line) => line.includes('FULLEST KEY')))
  await stage.press(key)
  await rests(pressed)
}

/** Marks the row and moves to the next one. */
const mark: KeyCase = async (pressed) => {
  const { stage, key, rows, screen } = pressed
  if (screen === 'doctor') return nothing(pressed)
  const row = await markableRow(pressed)
  const [name = '', next = ''] = rows.slice(row)
  await stage.press(key)
  await stage.shows(({ marked }) => marked.length === 1 && marked[0]?.includes(name) === true)
  await stage.cursorOn(next)
  await stage.press('M', 'g')
  await stage.shows(({ marked }) => marked.length === 0)
  await rests(pressed)
}

/** Operations accept no action: of events only those of runs can be marked. */
async function markableRow({ stage, screen, rows }: Pressed): Promise<number> {
  if (screen !== 'events') return 0
  const row = rows.findIndex((text) => text.includes('…'))
  await stage.press(...Array.from({ length: row }, () => 'j'))
  await stage.cursorOn(rows[row] ?? '')
  return row
}

const unmark: KeyCase = async (pressed) => {
  const { stage, key } = pressed
  if (pressed.screen === 'doctor') return nothing(pressed)
  await markableRow(pressed)
  await stage.press('space')
  await stage.shows(({ marked }) => marked.length === 1)
  await stage.press(key)
  await stage.shows(({ marked }) => marked.length === 0)
  await stage.press('g')
  await rests(pressed)
}

const chooseAll: KeyCase = async (pressed) => {
  const { stage, key } = pressed
  await stage.press(key)
  const { marked } = await stage.shows(/all that match are chosen \(esc\)/)
  expect(marked.length).toBe(pressed.about.height)
  await stage.press(key)
  await stage.shows((frame) => !frame.text.includes('all that match are chosen'))
  await rests(pressed)
}

/** The events that the stream shows, in rotation. */
const level: KeyCase = async (pressed) => {
  const { stage, key } = pressed
  for (const title of [/── events, operations only /, /── events, runs only /, /── events following/]) {
    await stage.press(key)
    await stage.shows(title)
  }
  await rests(pressed)
}

/** The text typed there finds a key by its effect. */
const help: KeyCase = async (pressed) => {
  const { stage, key, binding } = pressed
  await stage.press(key)
  await stage.shows(/── keys of /)
  await stage.type('keys of this')
  await stage.shows(({ body }) => body.some((line) => line.includes(binding.help)) && body.length > 2)
  await stage.press('esc')
  await rests(pressed)
}

export const viewCases: Readonly<Record<string, KeyCase>> = {
  filter,
  sort,
  'flip sort': flipSort,
  range,
  freeze,
  zoom,
  'unique keys': uniqueKeys,
  reload: saying(() => 'reading everything again'),
  mark,
  'unmark all': unmark,
  'choose all': chooseAll,
  level,
  help,
  log: async (pressed) => {
    const { stage, key } = pressed
    await stage.press(key)
    await stage.shows(['actions of this session', 'nothing was done in this session yet'])
    await stage.press(key)
    await rests(pressed)
  },
}
