import { encodeSpec, type Fire, type ScheduleSpec } from '../../runtime/store/schedules.ts'
import type { Store } from '../../runtime/store/store.ts'
import { byHand, newRun, newWorker } from '../support/stores/store-inputs.ts'
import type { RepeatedCall } from './repeated-calls.ts'

const minute = 60_000

function specOf(over: Partial<ScheduleSpec> = {}): ScheduleSpec {
  const { id: _, start: __, ...run } = newRun()
  const timing = { cron: '* * * * *', timeZone: 'UTC', missed: 'one', cap: 100, overlap: 'skip' } as const
  return { ...timing, jitterMs: 0, run, ...over }
}

const write = (requestId: string) => byHand({ requestId })

function worker(name: string) {
  return newWorker({ lease: name.padEnd(36, '-'), name })
}

/** A worker leads, and `report` is due now; returns the fire of its tick. */
async function dueNow(calm: Store): Promise<Fire> {
  const leader = worker('leader')
  await calm.register(leader)
  const answer = await calm.campaign('leader', leader.lease, 60_000)
  if (answer.kind !== 'leading') throw new Error('somebody else leads')
  await calm.putSchedule('report', specOf(), write('put'))
  const { now } = await calm.dueSchedules(10)
  const next = { tick: now, dueAt: now }
  const base = { schedule: 'report', revision: 1, fence: answer.term }
  await calm.fire({ ...base, move: { kind: 'plan', next } })
  const run = newRun({ id: 'tick', scheduledFor: now })
  const after = { tick: now + minute, dueAt: now + minute }
  return {
    ...base,
    move: {
      kind: 'run',
      tick: now,
      dueAt: now,
      caughtUp: false,
      overlap: 'skip',
      cap: 100,
      run,
      next: after,
    },
  }
}

export const repeatedScheduleCalls: readonly RepeatedCall[] = [
  {
    name: 'register with a schedule',
    script: 'register',
    prepare: async (calm, faulty) => {
      // A reconnected connection renews: this must not be the first renewal.
      await calm.register(worker('bodyLog'))
      await calm.renew(worker('bodyLog').lease, { draining: false })
      const { digest, bytes } = encodeSpec('report', specOf())
      const definitions = [{ kind: 'schedule', name: 'report', digest, definition: bytes } as const]
      return {
        call: () => faulty.register({ ...worker('first'), definitions }),
        newer: async () => {
          const none = {
            kind: 'schedule',
            name: 'report',
            digest: 'none',
            definition: new Uint8Array(),
          } as const
          await calm.register({ ...worker('second'), definitions: [none] })
          await calm.resign(worker('first').lease, [])
        },
      }
    },
  },
  {
    name: 'putSchedule',
    script: 'change-schedule',
    prepare: async (calm, faulty) => ({
      call: () => faulty.putSchedule('report', specOf(), write('put')),
      newer: () => calm.putSchedule('report', specOf({ cron: '@daily' }), write('put again')),
    }),
  },
  {
    name: 'removeSchedule',
    script: 'change-schedule',
    prepare: async (calm, faulty) => {
      await calm.putSchedule('report', specOf(), write('put'))
      return {
        call: () => faulty.removeSchedule('report', write('remove')),
        newer: () => calm.putSchedule('report', specOf(), write('put again')),
      }
    },
  },
  {
    name: 'pauseSchedule',
    script: 'change-schedule',
    prepare: async (calm, faulty) => {
      await calm.putSchedule('report', specOf(), write('put'))
      return {
        call: () => faulty.pauseSchedule('report', write('pause')),
        newer: () => calm.resumeSchedule('report', write('resume')),
      }
    },
  },
  {
    name: 'triggerSchedule',
    script: 'change-schedule',
    prepare: async (calm, faulty) => {
      await calm.putSchedule('report', specOf(), write('put'))
      return {
        call: () => faulty.triggerSchedule('report', 1, newRun({ id: 'one' }), write('trigger')),
        newer: async () => {
          await calm.cancel('one', write('cancel'))
          await calm.remove('one', write('remove'))
          await calm.putSchedule('report', specOf({ missed: 'all' }), write('put again'))
        },
      }
    },
  },
  {
    name: 'fire',
    script: 'fire',
    // The leader looks again, and finds the tick fired.
    repeatReplies: () => ({ kind: 'moved' }),
    prepare: async (calm, faulty) => {
      const request = await dueNow(calm)
      return {
        call: () => faulty.fire(request),
        newer: async () => {
          await calm.cancel('tick', write('cancel'))
          await calm.remove('tick', write('remove'))
        },
      }
    },
  },
]
