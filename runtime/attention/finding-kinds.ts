import type { FindingKind } from './finding-kind.ts'
import { blockedRuns } from './kinds/blocked-runs.ts'
import { deadDuty } from './kinds/dead-duty.ts'
import { failingJob } from './kinds/failing-job.ts'
import { growingBacklog } from './kinds/growing-backlog.ts'
import { limiter } from './kinds/limiter.ts'
import { longRun } from './kinds/long-run.ts'
import { lostWorker } from './kinds/lost-worker.ts'
import { missedTick } from './kinds/missed-tick.ts'
import { newFailure } from './kinds/new-failure.ts'
import { noLeader } from './kinds/no-leader.ts'
import { oldVersion } from './kinds/old-version.ts'
import { pausedQueue } from './kinds/paused-queue.ts'
import { poisonedRuns } from './kinds/poisoned-runs.ts'
import { storeFault } from './kinds/store-fault.ts'
import { unprotectedRuns } from './kinds/unprotected-runs.ts'
import { unservedRuns } from './kinds/unserved-runs.ts'
import { workerLosses } from './kinds/worker-losses.ts'

/** All kinds of findings. To add a kind, write a file beside these and list it here. */
export const findingKinds: readonly FindingKind[] = [
  lostWorker,
  unservedRuns,
  unprotectedRuns,
  noLeader,
  deadDuty,
  missedTick,
  poisonedRuns,
  storeFault,
  pausedQueue,
  blockedRuns,
  failingJob,
  newFailure,
  longRun,
  growingBacklog,
  oldVersion,
  workerLosses,
  limiter,
]
