import type { FakeTask, TaskStatus } from './fake-task.ts'
import type { StopCause } from './stop-cause.ts'

/** An event in a fake cluster. The receipt of a story is made from these. */
export type FakeEcsEvent =
  | { readonly type: 'task'; readonly at: number; readonly task: FakeTask; readonly status: TaskStatus }
  /** A stop of a task is requested. `protectedThen`: whether it was protected from scale-in at that moment. */
  | {
      readonly type: 'stop'
      readonly at: number
      readonly task: FakeTask
      readonly cause: StopCause
      readonly protectedThen: boolean
    }
  /** SIGKILL, because the stop timeout was over. */
  | { readonly type: 'kill'; readonly at: number; readonly task: FakeTask; readonly container: string }
  | { readonly type: 'protected'; readonly at: number; readonly taskArn: string; readonly until: number }
  /** The task has ended its protection itself. */
  | { readonly type: 'unprotected'; readonly at: number; readonly taskArn: string }
  | { readonly type: 'expired'; readonly at: number; readonly taskArn: string }
  /** ECS has refused to protect a task (`protect`), or to end its protection. */
  | {
      readonly type: 'refused'
      readonly at: number
      readonly taskArn: string
      readonly reason: string
      readonly protect: boolean
    }
  /** A service event, as DescribeServices shows it. `held`: the protected tasks that the scheduler has to wait for. */
  | {
      readonly type: 'service'
      readonly at: number
      readonly service: string
      readonly message: string
      readonly held?: number
    }
