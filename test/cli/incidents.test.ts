import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cure } from '../support/incidents/cure.ts'
import type { Incident } from '../support/incidents/incident.ts'
import { incidents } from '../support/incidents/incidents.ts'
import { mail } from '../support/incidents/jobs/orders.ts'
import { type OpenSite, openSite } from '../support/incidents/open-site.ts'
import { sectionOf, sections, wordsOf } from '../support/incidents/operating-page.ts'
import { stepThrows } from '../support/incidents/step-throws.ts'
import { workerDead } from '../support/incidents/worker-dead.ts'
import { RedisServer } from '../support/redis/redis-server.ts'

let folder = ''
let shared: RedisServer

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'durable-jobs-incidents-'))
  shared = await RedisServer.start()
})
afterAll(async () => {
  await shared.remove()
  rmSync(folder, { recursive: true })
})

/** Runs the commands of the page for an incident: the one that shows it, other steps, and the fix. */
async function followPage(incident: Incident, site: OpenSite): Promise<void> {
  const [[shows = '', ...others] = [], cures = [], ...more] = sectionOf(incident.title).blocks
  expect([...others, ...more], 'one command shows the cause, then one block cures it').toEqual([])
  const begun = await incident.begin(site)
  const [program, ...args] = wordsOf(shows, begun.words)
  expect(program).toBe('durable-jobs')
  const { code, stdout, stderr } = await site.start(args, begun.store).finished
  expect({ command: shows, code, output: stdout + stderr }).toEqual({
    command: shows,
    code: incident.code,
    output: expect.stringMatching(incident.says),
  })
  await begun.mend?.()
  for (const command of cures) await cure(wordsOf(command, begun.words), site, begun)
  await begun.cured?.()
}

async function at(site: OpenSite, use: (site: OpenSite) => Promise<void>): Promise<void> {
  try {
    await use(site)
  } finally {
    await site.close()
  }
}

const manyRuns = 'Retry, cancel or remove many runs'

test('the page covers exactly the incidents that are tested', () => {
  expect(sections().map(({ title }) => title)).toEqual(['', ...incidents.map(({ title }) => title), manyRuns])
})

/** A store of its own for one incident. */
function siteOn(kind: 'embedded' | 'redis'): OpenSite {
  const name = randomUUID()
  const own = join(folder, name)
  return openSite(
    kind === 'embedded' ? `sqlite:${join(own, 'jobs.db')}` : `${shared.url}?namespace=${name}`,
    own,
  )
}

describe('the page shows the cause and its fix works', () => {
  const ofStores = incidents.filter(({ needs }) => needs === 'store')
  test.concurrent.each(ofStores)('$title', (incident) =>
    at(siteOn('redis'), (site) => followPage(incident, site)),
  )

  // A lock proves a death there.
  test.concurrent.each([workerDead])('$title, with an embedded store', (incident) =>
    at(siteOn('embedded'), (site) => followPage(incident, site)),
  )

  test.concurrent.each(incidents.filter(({ needs }) => needs === 'server'))('$title', async (incident) => {
    const server = await RedisServer.start({ appendOnly: true })
    try {
      await at(openSite(server.url, join(folder, incident.name), server), (site) =>
        followPage(incident, site),
      )
    } finally {
      await server.remove()
    }
  })
})

test('before the incidents: a muted finding reappears, a run is explained', () =>
  at(siteOn('embedded'), async (site) => {
    const jobs = await site.jobs()
    await jobs.pauseQueue('mail')
    const { id: RUN } = await jobs.enqueue(mail)
    const run = async (command: string): Promise<number | null> => {
      const [, ...args] = wordsOf(command, { FINDING: 'paused-queue:mail', RUN })
      return (await site.start(args).finished).code
    }
    const [ask = '', mute = '', unmute = '', ...others] = sectionOf('').blocks.flat()
    const codes = [await run(ask), await run(mute), await run(ask), await run(unmute), await run(ask)]
    expect(codes).toEqual([3, 0, 0, 0, 3])
    for (const command of others) expect(await run(command), command).toBe(0)
  }))

test(manyRuns, () =>
  at(siteOn('redis'), async (site) => {
    const { mend } = await stepThrows.begin(site)
    const jobs = await site.jobs()
    await jobs.pauseQueue('mail')
    await jobs.enqueue(mail)
    await mend?.()
    for (const command of sectionOf(manyRuns).blocks.flat()) {
      const [, ...args] = wordsOf(command, {})
      // Without a terminal there is no confirmation.
      const finished = await site.start(args.includes('--dry-run') ? args : [...args, '--yes']).finished
      expect(finished, `${command}: ${finished.stderr}`).toMatchObject({ code: 0 })
    }
    const counts = (await jobs.inspector.counts()).map(({ job, state }) => `${job} ${state}`)
    expect(counts.sort()).toEqual(['mail cancelled', 'pay completed'])
  }),
)
