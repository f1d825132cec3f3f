import { codeDrift } from '../../support/incidents/code-drift.ts'
import { limiterStuck } from '../../support/incidents/limiter-stuck.ts'
import { missedTick } from '../../support/incidents/missed-tick.ts'
import { pausedQueue } from '../../support/incidents/paused-queue.ts'
import { poison } from '../../support/incidents/poison.ts'
import { redisDown } from '../../support/incidents/redis-down.ts'
import { redisReadOnly } from '../../support/incidents/redis-read-only.ts'
import { stepThrows } from '../../support/incidents/step-throws.ts'
import { stepTimeout } from '../../support/incidents/step-timeout.ts'
import { versionDrift } from '../../support/incidents/version-drift.ts'
import { workerDead } from '../../support/incidents/worker-dead.ts'
import { wrongPassword } from '../../support/incidents/wrong-password.ts'
import type { Play } from './play.ts'

/** Of a whole failure: its runs are retried as one action. */
const retriesFailure: Play['cure'] = {
  keys: [
    { key: 'r', shows: /1 would run '\w+' again .* y retry/ },
    { key: 'y', shows: /retried 1 run \(action act_/ },
  ],
  operation: 'begin action',
}

/** In the order of docs/operating.md. */
export const plays: readonly Play[] = [
  {
    incident: stepThrows,
    opens: /New since version 1 of 'pay'/,
    cause: /step 'charge': TypeError: Cannot read properties of undefined \(reading 'sku'\); 1 run failed/,
    looks: [
      { key: 'enter', shows: /1 run is failed now .* in pay, step 'charge' version 1 new since version 1/ },
    ],
    cure: retriesFailure,
    after: /no run is failed now/,
  },
  {
    incident: stepTimeout,
    opens: /New since version 1 of 'report'/,
    cause: /step 'render': StepTimeoutError: step 'render' took longer than its timeout/,
    looks: [{ key: 'enter', shows: /1 run is failed now .* in report, step 'render'/ }],
    cure: retriesFailure,
    after: /no run is failed now/,
  },
  {
    incident: workerDead,
    opens: /critical .* is dead/,
    cause: workerDead.says,
    looks: [{ key: 'enter', shows: /☠ lost .* 1 in hand.* ship v1 ▶ running/ }],
    after: /1 live 0 of 10 slots in use/,
  },
  {
    incident: pausedQueue,
    opens: /warning .* Queue 'mail' is paused by ana/,
    cause: pausedQueue.says,
    looks: [
      { key: 'enter', shows: /‖ paused by ana: provider.* has been paused by ana \(provider is down\)/ },
    ],
    cure: {
      keys: [
        { key: 'P', shows: /resume queue mail .* workers would take its ready runs: 1 .* y resume/ },
        { key: 'y', shows: /queue mail runs again/ },
      ],
      operation: 'resume queue',
    },
    after: /mail 0 0 0 0/,
  },
  {
    incident: limiterStuck,
    opens: /notice .* Limiter 'tenant' is full/,
    cause: /holders and waiters .* holds \S+ sync ▶ running/,
    looks: [
      { key: 'enter', shows: /holders and waiters .* holds \S+ sync ▶ running/ },
      { key: 'tab', shows: /▸─ keys of tenant/ },
      { key: 'tab', shows: /▸ holds/ },
      { key: 'enter', shows: /▶ running for .* It has been running on/ },
    ],
    cure: {
      keys: [
        { key: 'x', shows: /would be told to stop; .* y cancel/ },
        { key: 'y', shows: /told to stop|cancel/ },
      ],
      operation: 'cancel run',
    },
    after: /⊘ cancelled/,
  },
  {
    incident: missedTick,
    opens: /critical .* The tick of/,
    cause: missedTick.says,
    looks: [{ key: 'enter', shows: /overdue .* nightly .* next in/ }],
    after: /LAST RUN .* completed/,
  },
  {
    incident: codeDrift,
    opens: /warning .* 1 run of 'reserve' is blocked/,
    cause: codeDrift.says,
    looks: [{ key: 'enter', shows: /state:blocked job:reserve .* ■ blocked/ }],
    after: /no run matches 'state:blocked job:reserve'/,
  },
  {
    incident: versionDrift,
    opens: /critical .*Runs of job 'invoice'/,
    cause: versionDrift.says,
    looks: [{ key: 'enter', shows: /job:invoice .* ○ ready .* no live worker has/ }],
    after: /no run matches 'state:ready,waiting,scheduled job:invoice/,
  },
  {
    incident: poison,
    opens: /critical .* 1 run of 'resize' failed as poisoned/,
    cause:
      /given up: its workers were lost again and again .* \(in total: 0 process exits, 0 connection cuts, 5 expired leases\)/,
    looks: [
      { key: 'enter', shows: /by:f1:poisoned:resize .* ✖ failed/ },
      { key: 'enter', shows: /lost its worker victim-1: its lease expired/ },
    ],
    cure: {
      keys: [
        { key: 'r', shows: /y retry/ },
        { key: 'y', shows: /run \S+ is ready again/ },
      ],
      operation: 'retry run',
    },
    after: /✔ completed/,
  },
  {
    incident: redisDown,
    opens: /offline .* retry in \d+s/,
    cause: redisDown.says,
    looks: [],
    cure: { keys: [{ key: '9', shows: /\[9 Doc\].* fine server/ }] },
    after: /live \d/,
  },
  {
    incident: redisReadOnly,
    opens: /offline .* retry in \d+s/,
    cause: redisReadOnly.says,
    looks: [],
    after: /live \d.* nothing needs attention/,
  },
  {
    incident: wrongPassword,
    opens: /offline .* retry in \d+s/,
    cause: wrongPassword.says,
    looks: [],
    after: /live \d.* nothing needs attention/,
  },
]
