import { codeDrift } from './code-drift.ts'
import type { Incident } from './incident.ts'
import { limiterStuck } from './limiter-stuck.ts'
import { missedTick } from './missed-tick.ts'
import { pausedQueue } from './paused-queue.ts'
import { poison } from './poison.ts'
import { redisDown } from './redis-down.ts'
import { redisReadOnly } from './redis-read-only.ts'
import { stepThrows } from './step-throws.ts'
import { stepTimeout } from './step-timeout.ts'
import { versionDrift } from './version-drift.ts'
import { workerDead } from './worker-dead.ts'
import { wrongPassword } from './wrong-password.ts'

/** In the order of docs/operating.md. */
export const incidents: readonly Incident[] = [
  stepThrows,
  stepTimeout,
  workerDead,
  pausedQueue,
  limiterStuck,
  missedTick,
  codeDrift,
  versionDrift,
  poison,
  redisDown,
  redisReadOnly,
  wrongPassword,
]
