import type { AwsErrorCode } from './aws-error.ts'

/** A failure of the ECS API, however it is called. */
export type EcsFailure =
  /** An error reply: an `AwsError` instead of a result. Nothing changes. */
  | { readonly kind: 'error'; readonly code: AwsErrorCode; readonly message?: string }
  /** A 200 whose `failures` name each task. Nothing changes. */
  | { readonly kind: 'failure'; readonly reason: string; readonly detail?: string }
  /** No reply, and nothing changes. */
  | { readonly kind: 'hang' }
  /** The change is made, and the connection ends before the reply. */
  | { readonly kind: 'lost-answer' }
  /** The change is made at once, and the reply follows when the promise resolves: a call in flight. */
  | { readonly kind: 'hold'; readonly until: Promise<unknown> }
  /** A 200 about another task. Nothing changes. */
  | { readonly kind: 'wrong-task'; readonly taskArn: string }
  /** A 200 that says protected until a moment that is over. Nothing changes. */
  | { readonly kind: 'past-expiry' }

/** A failure of an endpoint inside the task by itself, before or after it has called ECS. */
export type EndpointFailure =
  /** A reply of its own; ECS is not called. */
  | { readonly kind: 'answer'; readonly status: number; readonly body: string }
  /** The request is read and gets no reply; ECS is not called. */
  | { readonly kind: 'hang' }
  /** The connection ends at once; ECS is not called. */
  | { readonly kind: 'cut' }
  /** ECS is called, and the connection ends before the reply. */
  | { readonly kind: 'lost-answer' }
  /** ECS is called at once, and the reply follows when the promise resolves. */
  | { readonly kind: 'hold'; readonly until: Promise<unknown> }

interface Scope {
  /** The ARN of the one task it is for. Left out: all tasks. */
  readonly task?: string
  /** How many calls go well before. 0 if left out. */
  readonly after?: number
  /** How many calls fail. Left out: all until it is lifted. */
  readonly times?: number
}

interface EcsPlan extends Scope {
  readonly at: 'ecs'
  /** `UpdateTaskProtection` if left out. */
  readonly operation?: string
  /** Only requests to protect, or only requests to end protection. */
  readonly protectionEnabled?: boolean
  readonly failure: EcsFailure
}

interface EndpointPlan extends Scope {
  readonly at: 'agent' | 'metadata'
  readonly method?: 'GET' | 'PUT'
  /** Only requests to protect, or only requests to end protection. */
  readonly protectionEnabled?: boolean
  readonly failure: EndpointFailure
}

export type FailurePlan = EcsPlan | EndpointPlan

/** A request, as far as plans look at it. */
export interface EcsRequestFacts {
  readonly operation: string
  readonly tasks: readonly string[]
  readonly protectionEnabled?: boolean | undefined
}

export interface EndpointRequestFacts {
  readonly at: 'agent' | 'metadata'
  readonly method: string
  readonly task: string | undefined
  readonly protectionEnabled?: boolean | undefined
}

/** A plan that is in force. */
export class PlannedFailure {
  /** Resolves when the first call has met it. */
  readonly met: Promise<void>
  readonly #plan: FailurePlan
  #seen = 0
  #hits = 0
  #lifted = false
  #meet: () => void = () => undefined

  constructor(plan: FailurePlan) {
    this.#plan = plan
    this.met = new Promise((resolve) => {
      this.#meet = resolve
    })
  }

  /** How many calls it has failed. */
  get hits(): number {
    return this.#hits
  }

  /** Ends the failure. */
  lift(): void {
    this.#lifted = true
  }

  /** Returns the failure if this call is to fail, and counts the call. */
  failEcs(request: EcsRequestFacts): EcsFailure | undefined {
    const plan = this.#plan
    if (plan.at !== 'ecs' || (plan.operation ?? 'UpdateTaskProtection') !== request.operation)
      return undefined
    if (plan.task !== undefined && !request.tasks.includes(plan.task)) return undefined
    if (!sameDirection(plan, request)) return undefined
    return this.#spend() ? plan.failure : undefined
  }

  failEndpoint(request: EndpointRequestFacts): EndpointFailure | undefined {
    const plan = this.#plan
    if (plan.at === 'ecs' || plan.at !== request.at) return undefined
    if (plan.method !== undefined && plan.method !== request.method) return undefined
    if (plan.task !== undefined && plan.task !== request.task) return undefined
    if (!sameDirection(plan, request)) return undefined
    return this.#spend() ? plan.failure : undefined
  }

  #spend(): boolean {
    if (this.#lifted) return false
    this.#seen += 1
    if (this.#seen <= (this.#plan.after ?? 0)) return false
    if (this.#hits >= (this.#plan.times ?? Number.POSITIVE_INFINITY)) return false
    this.#hits += 1
    this.#meet()
    return true
  }
}

/** The failures that a test has planned. The oldest plan that fits a call decides. */
export class FailurePlans {
  readonly #plans: PlannedFailure[] = []

  add(plan: FailurePlan): PlannedFailure {
    const planned = new PlannedFailure(plan)
    this.#plans.push(planned)
    return planned
  }

  /** Lifts all plans. */
  clear(): void {
    for (const plan of this.#plans.splice(0)) plan.lift()
  }

  ofEcs(request: EcsRequestFacts): EcsFailure | undefined {
    return first(this.#plans, (plan) => plan.failEcs(request))
  }

  ofEndpoint(request: EndpointRequestFacts): EndpointFailure | undefined {
    return first(this.#plans, (plan) => plan.failEndpoint(request))
  }
}

function sameDirection(
  plan: { readonly protectionEnabled?: boolean },
  request: { readonly protectionEnabled?: boolean | undefined },
): boolean {
  return plan.protectionEnabled === undefined || plan.protectionEnabled === request.protectionEnabled
}

function first<T>(
  plans: readonly PlannedFailure[],
  find: (plan: PlannedFailure) => T | undefined,
): T | undefined {
  for (const plan of plans) {
    const found = find(plan)
    if (found !== undefined) return found
  }
  return undefined
}
