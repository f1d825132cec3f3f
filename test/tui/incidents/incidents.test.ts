import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cure } from '../../support/incidents/cure.ts'
import type { Begun } from '../../support/incidents/incident.ts'
import { incidents } from '../../support/incidents/incidents.ts'
import { type OpenSite, openSite } from '../../support/incidents/open-site.ts'
import { sectionOf, wordsOf } from '../../support/incidents/operating-page.ts'
import { RedisServer } from '../../support/redis/redis-server.ts'
import { Terminal } from '../support/terminal.ts'
import type { Play, Press } from './play.ts'
import { plays } from './plays.ts'

const operator = 'ana'
/** From opening to the cause. */
const maxKeys = 3

interface Counted {
  readonly incident: string
  readonly store: string
  readonly 'keys to cause': number
  readonly 'keys to cure': string
  readonly keys: string
}

const table: Counted[] = []
let folder = ''
let shared: RedisServer

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'jobs-tui-incidents-'))
  shared = await RedisServer.start()
})
afterAll(async () => {
  await shared.remove()
  rmSync(folder, { recursive: true })
  const byOrder = incidents.flatMap(({ name }) => table.filter(({ incident }) => incident === name))
  console.log(lines(byOrder).join('\n'))
})

function lines(rows: readonly Counted[]): readonly string[] {
  const names = ['incident', 'store', 'keys to cause', 'keys to cure', 'keys'] as const
  const cells = [names, ...rows.map((row) => names.map((name) => String(row[name])))]
  const widths = names.map((_, i) => Math.max(...cells.map((line) => line[i]?.length ?? 0)))
  return cells.map((line) =>
    line
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

function onOneLine(screen: string): string {
  return screen.replace(/\s+/g, ' ')
}

function shown(terminal: Terminal, wanted: RegExp): Promise<string> {
  return terminal.shows((screen) => wanted.test(onOneLine(screen)))
}

const tmuxNames: Readonly<Record<string, string>> = { enter: 'Enter', esc: 'Escape', tab: 'Tab' }

async function press(terminal: Terminal, { key, shows }: Press): Promise<string> {
  await terminal.press(tmuxNames[key] ?? key)
  return shown(terminal, shows)
}

function open(store: string): Promise<Terminal> {
  return Terminal.start({ args: ['--store', store, '--write', '--as', operator] })
}

/** Meets the incident in a terminal of 80x24, as a person with docs/operating.md would. */
async function meet(play: Play, site: OpenSite, store: string): Promise<void> {
  const { incident, looks, cure: { keys: cures = [], operation } = {} } = play
  const begun = await incident.begin(site)
  const terminal = await open(begun.store ?? site.store)
  const toCause = await lookFor(terminal, play)
  await begun.mend?.()
  if (incident.needs === 'server') await cureOutside(play, site, begun)
  for (const one of cures) await press(terminal, one)
  if (operation === undefined && incident.needs !== 'server') await cureOutside(play, site, begun)
  await begun.cured?.()
  const last = begun.store === undefined ? terminal : await open(begun.words.STORE ?? '')
  await shown(last, play.after)
  if (operation !== undefined) await expectLogged(site, operation)
  const pressed = [...looks, ...cures].map(({ key }) => key)
  table.push({
    ...{ incident: incident.name, store, keys: pressed.join(' ') },
    'keys to cause': toCause,
    'keys to cure': operation === undefined ? 'outside' : String(pressed.length),
  })
  expect(toCause).toBeLessThanOrEqual(maxKeys)
}

/** Presses the keys that look; resolves to how many of them it took to see the cause. */
async function lookFor(terminal: Terminal, { incident, opens, cause, looks }: Play): Promise<number> {
  if (incident.needs === 'store') await select(terminal, opens)
  const screens = [await shown(terminal, opens)]
  for (const one of looks) screens.push(await press(terminal, one))
  const found = screens.findIndex((screen) => cause.test(onOneLine(screen)))
  expect(found, `${incident.name}: no screen names the cause:\n${screens.join('\n')}`).toBeGreaterThanOrEqual(
    0,
  )
  return found
}

/** Moves the cursor to a finding, in case a busy machine has more severe ones of its own: these keys are not counted. */
async function select(terminal: Terminal, row: RegExp): Promise<void> {
  for (;;) {
    const screen = await terminal.shows((text) => text.split('\n').some((line) => row.test(onOneLine(line))))
    const current = cursorLine(screen)
    if (row.test(onOneLine(current))) return
    await terminal.press('j')
    await terminal.shows((text) => cursorLine(text) !== current)
  }
}

function cursorLine(screen: string): string {
  return screen.split('\n').find((line) => line.startsWith('▸ ')) ?? ''
}

/** The command on the page, where no key fixes it. */
async function cureOutside({ incident }: Play, site: OpenSite, begun: Begun): Promise<void> {
  const [, commands = []] = sectionOf(incident.title).blocks
  for (const command of commands) await cure(wordsOf(command, begun.words), site, begun)
}

/** The fix is in the store's log, with the name of the operator. */
async function expectLogged(site: OpenSite, operation: string): Promise<void> {
  const { inspector } = await site.jobs()
  const { events } = await inspector.events({ log: 'operations', limit: 1_000 })
  expect(events).toContainEqual(expect.objectContaining({ operation, by: operator }))
}

async function at(site: OpenSite, use: (site: OpenSite) => Promise<void>): Promise<void> {
  try {
    await use(site)
  } finally {
    await site.close()
  }
}

test('each incident is played, with the keys of docs/operating.md', () => {
  expect(plays.map(({ incident }) => incident.name)).toEqual(incidents.map(({ name }) => name))
  const pressed = plays.map(({ incident, looks, cure: { keys = [] } = {} }) => ({
    title: incident.title,
    keys: [...looks, ...keys].map(({ key }) => key),
  }))
  expect(pressed).toEqual(incidents.map(({ title }) => ({ title, keys: sectionOf(title).keys })))
})

describe('from opening to cause and fix', () => {
  const ofStores = plays.filter(({ incident }) => incident.needs === 'store')

  test.each(ofStores)('$incident.title', (play) => {
    const name = randomUUID()
    const site = openSite(`${shared.url}?namespace=${name}`, join(folder, name))
    return at(site, () => meet(play, site, 'redis'))
  })

  test.each(ofStores.filter(({ incident }) => incident.name === 'worker-dead'))(
    '$incident.title, with an embedded store',
    (play) => {
      const own = join(folder, randomUUID())
      const site = openSite(`sqlite:${join(own, 'jobs.db')}`, own)
      return at(site, () => meet(play, site, 'embedded'))
    },
  )

  test.each(plays.filter(({ incident }) => incident.needs === 'server'))('$incident.title', async (play) => {
    const server = await RedisServer.start({ appendOnly: true })
    try {
      const site = openSite(server.url, join(folder, play.incident.name), server)
      await at(site, () => meet(play, site, 'redis'))
    } finally {
      await server.remove()
    }
  })
})
