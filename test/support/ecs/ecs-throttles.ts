import type { Clock } from './clock.ts'
import type { EcsOperation } from './ecs-operations.ts'
import { type BucketSize, ThrottleBucket } from './throttle-bucket.ts'

export type BucketName = 'reads' | 'protection' | 'changes' | 'launches'
export type BucketSizes = Readonly<Record<BucketName, BucketSize>>

/**
 * Assumed, but for the 50 tokens of the reads and the 20 launches per second, which are documented: the page with the
 * other numbers could not be read. `protection` is set low on purpose, so that a fleet that calls too often is noticed.
 */
const assumedBuckets: BucketSizes = {
  reads: { burst: 50, perSecond: 20 },
  protection: { burst: 20, perSecond: 5 },
  changes: { burst: 20, perSecond: 5 },
  launches: { burst: 20, perSecond: 20 },
}

const bucketOf: Readonly<Record<EcsOperation, BucketName>> = {
  DescribeServices: 'reads',
  DescribeTasks: 'reads',
  GetTaskProtection: 'reads',
  ListTasks: 'reads',
  RunTask: 'launches',
  StopTask: 'changes',
  UpdateService: 'changes',
  UpdateTaskProtection: 'protection',
}

/** The request buckets of one account in one region. */
export class EcsThrottles {
  readonly #buckets: Readonly<Record<BucketName, ThrottleBucket>>

  constructor(clock: Clock, sizes: Partial<BucketSizes>) {
    const of = (name: BucketName): ThrottleBucket =>
      new ThrottleBucket(clock, sizes[name] ?? assumedBuckets[name])
    this.#buckets = {
      reads: of('reads'),
      protection: of('protection'),
      changes: of('changes'),
      launches: of('launches'),
    }
  }

  /** Returns false if the call is one too many. */
  admit(operation: EcsOperation): boolean {
    return this.#buckets[bucketOf[operation]].take()
  }
}
