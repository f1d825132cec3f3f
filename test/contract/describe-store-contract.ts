import { describe } from 'vitest'
import type { StoreKind } from '../support/stores/store-under-test.ts'
import { actionsContract } from './topics/actions.ts'
import { agedWaitersContract } from './topics/aged-waiters.ts'
import { cancelContract } from './topics/cancel.ts'
import { claimContract } from './topics/claim.ts'
import { clockContract } from './topics/clock.ts'
import { commitContract } from './topics/commit.ts'
import { countersContract } from './topics/counters.ts'
import { deadlocksContract } from './topics/deadlocks.ts'
import { definitionsContract } from './topics/definitions.ts'
import { drainContract } from './topics/drain.ts'
import { enqueueContract } from './topics/enqueue.ts'
import { eventsContract } from './topics/events.ts'
import { executionsContract } from './topics/executions.ts'
import { expectedStateContract } from './topics/expected-state.ts'
import { failuresContract } from './topics/failures.ts'
import { heldKeysContract } from './topics/held-keys.ts'
import { inspectContract } from './topics/inspect.ts'
import { leaseContract } from './topics/lease.ts'
import { limiterSearchContract } from './topics/limiter-search.ts'
import { limitsContract } from './topics/limits.ts'
import { lossContract } from './topics/loss.ts'
import { lostWorkersContract } from './topics/lost-workers.ts'
import { manyQueuesContract } from './topics/many-queues.ts'
import { mutesContract } from './topics/mutes.ts'
import { openStepsContract } from './topics/open-steps.ts'
import { openedKeysContract } from './topics/opened-keys.ts'
import { operationsContract } from './topics/operations.ts'
import { operatorContract } from './topics/operator.ts'
import { overviewContract } from './topics/overview.ts'
import { protectContract } from './topics/protect.ts'
import { reservationsContract } from './topics/reservations.ts'
import { retentionContract } from './topics/retention.ts'
import { retryContract } from './topics/retry.ts'
import { schedulesContract } from './topics/schedules.ts'
import { searchContract } from './topics/search.ts'
import { settleContract } from './topics/settle.ts'
import { sharedEnqueuesContract } from './topics/shared-enqueues.ts'
import { silentWorkersContract } from './topics/silent-workers.ts'
import { statisticsContract } from './topics/statistics.ts'
import { stepLimitsContract } from './topics/step-limits.ts'
import { termsContract } from './topics/terms.ts'
import { timeContract } from './topics/time.ts'
import { uniqueContract } from './topics/unique.ts'
import { waitlistContract } from './topics/waitlist.ts'
import { wakeupContract } from './topics/wakeup.ts'
import { workerReportContract } from './topics/worker-report.ts'

/** The contract of every store, without deviations. A store must pass all of it. */
export function describeStoreContract({ name, open }: StoreKind): void {
  describe(`store contract: ${name}`, () => {
    describe('enqueue', () => enqueueContract(open))
    describe('shared enqueues', () => sharedEnqueuesContract(open))
    describe('claim', () => claimContract(open))
    describe('many queues', () => manyQueuesContract(open))
    describe('commit', () => commitContract(open))
    describe('settle', () => settleContract(open))
    describe('protect', () => protectContract(open))
    describe('time', () => timeContract(open))
    describe('clock', () => clockContract(open))
    describe('lease', () => leaseContract(open))
    describe('drain', () => drainContract(open))
    describe('worker report', () => workerReportContract(open))
    describe('loss', () => lossContract(open))
    describe('lost workers', () => lostWorkersContract(open))
    describe('silent workers', () => silentWorkersContract(open))
    describe('open steps', () => openStepsContract(open))
    describe('limits', () => limitsContract(open))
    describe('step limits', () => stepLimitsContract(open))
    describe('reservations', () => reservationsContract(open))
    describe('aged waiters', () => agedWaitersContract(open))
    describe('waitlist', () => waitlistContract(open))
    describe('deadlocks', () => deadlocksContract(open))
    describe('opened keys', () => openedKeysContract(open))
    describe('cancel', () => cancelContract(open))
    describe('retry', () => retryContract(open))
    describe('actions', () => actionsContract(open))
    describe('operator', () => operatorContract(open))
    describe('mutes', () => mutesContract(open))
    describe('expected state', () => expectedStateContract(open))
    describe('retention', () => retentionContract(open))
    describe('inspect', () => inspectContract(open))
    describe('executions', () => executionsContract(open))
    describe('counters', () => countersContract(open))
    describe('search', () => searchContract(open))
    describe('limiter search', () => limiterSearchContract(open))
    describe('definitions', () => definitionsContract(open))
    describe('schedules', () => schedulesContract(open))
    describe('events', () => eventsContract(open))
    describe('operations', () => operationsContract(open))
    describe('statistics', () => statisticsContract(open))
    describe('overview', () => overviewContract(open))
    describe('failures', () => failuresContract(open))
    describe('terms', () => termsContract(open))
    describe('unique', () => uniqueContract(open))
    describe('held keys', () => heldKeysContract(open))
    describe('wake-up', () => wakeupContract(open))
  })
}
