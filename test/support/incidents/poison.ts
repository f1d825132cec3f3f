import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { lossDelaysMs, poisonLimit } from '../../../runtime/model/poison.ts'
import { inThePast, leaseMs, type Past } from './in-the-past.ts'
import type { Incident } from './incident.ts'
import { resize } from './jobs/orders.ts'
import { reaches } from './wait-until.ts'

const hourMs = 3_600_000
const ofJob = [{ name: 'resize', version: 1, queue: 'default' }]

/** A run kills worker after worker, until the store fails it as poison. */
export const poison: Incident = {
  name: 'poison',
  title: 'A run kills its workers',
  needs: 'store',
  says: /It failed .*was given up: its workers were lost again and again without a new step/,
  code: 0,
  begin: async (site) => {
    let id = ''
    await inThePast(site.store, hourMs, async (past) => {
      id = (await past.jobs.enqueue(resize)).id
      await loseWorkers(past)
    })
    // The run is claimed once more, only to fail it.
    await site.work('orders.ts')
    const jobs = await site.jobs()
    await reaches(jobs, id, 'failed')
    return {
      words: { RUN: id },
      run: id,
      mend: async () => writeFileSync(join(site.folder, 'mended'), ''),
      cured: async () => void (await jobs.run(id).result()),
    }
  },
}

/** Each of them claims the run and goes silent, beside a live one. */
async function loseWorkers({ store, advance, worker }: Past): Promise<void> {
  const bodyLog = await worker('bodyLog', [])
  for (let loss = 0; loss < poisonLimit; loss++) {
    const lease = await worker(`victim-${loss + 1}`, ofJob)
    await store.claim(lease, 1, { max: 1, protected: true, mayAsk: false }, [])
    for (let passed = 0; passed <= leaseMs; passed += leaseMs / 4) {
      advance(leaseMs / 4)
      await store.renew(bodyLog, { draining: false })
    }
    await store.claim(bodyLog, loss + 1, { max: 0, protected: true, mayAsk: false }, [])
    for (let passed = 0; passed <= (lossDelaysMs[loss] ?? 0); passed += leaseMs / 4) {
      advance(leaseMs / 4)
      await store.renew(bodyLog, { draining: false })
    }
  }
  await store.resign(bodyLog, [])
}
