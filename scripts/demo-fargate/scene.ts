import type { FakeEcsEvent } from '../../test/support/ecs/fake-ecs-event.ts'
import type { FakeTask } from '../../test/support/ecs/fake-task.ts'
import type { StopKind } from '../../test/support/ecs/stop-cause.ts'
import type { StorySite } from '../../test/support/ecs/story/story-site.ts'

/** A line of the story. `act`: what is done to the fleet; `hurt`: what it has to survive; `good`: what holds. */
export interface TellLine {
  readonly at: number
  readonly text: string
  readonly tone: 'act' | 'hurt' | 'good' | 'plain'
}

const causes: Readonly<Partial<Record<StopKind, string>>> = { deployment: 'the deployment', spot: 'Spot' }

/** The story so far: what views show. */
export class Scene {
  readonly site: StorySite
  readonly startedAt: number = Date.now()
  readonly told: TellLine[] = []
  /** What happens now, in a few words. */
  title = 'two tasks wait for work'
  readonly #started = new Set<FakeTask>()

  constructor(site: StorySite) {
    this.site = site
    site.fake.events.subscribe((event) => this.#follow(event))
  }

  /** Runs enqueued so far. */
  get runs(): number {
    return this.site.handles.length
  }

  get ended(): number {
    return this.site.log.board.ended
  }

  get protectedTasks(): number {
    return this.site.tasks.filter((task) => this.site.fake.isProtected(task)).length
  }

  /** Whether the worker in the task has started. */
  hasStarted(task: FakeTask): boolean {
    return this.#started.has(task)
  }

  /** `task 3`: tasks are numbered as they start. */
  nameOf(task: FakeTask): string {
    const place = this.site.everyTask.indexOf(task)
    return `task ${place === -1 ? this.site.everyTask.length + 1 : place + 1}`
  }

  begin(title: string, text: string): void {
    this.title = title
    this.tell(text, 'act')
  }

  tell(text: string, tone: TellLine['tone'] = 'plain'): void {
    this.told.push({ at: Date.now(), text, tone })
  }

  /** `4.1 s` since the start. */
  since(at: number): string {
    return `${((at - this.startedAt) / 1_000).toFixed(1)} s`
  }

  #follow(event: FakeEcsEvent): void {
    switch (event.type) {
      case 'task':
        this.#followTask(event.task)
        break
      case 'stop':
        this.#tellStop(event)
        break
      case 'protected':
        this.tell(`${this.#named(event.taskArn)} is protected`, 'good')
        break
      case 'unprotected':
        this.tell(`${this.#named(event.taskArn)} has given its protection back`)
        break
      case 'expired':
        this.tell(`the protection of ${this.#named(event.taskArn)} has expired`)
        break
      case 'refused':
        this.#tellRefused(event)
        break
      case 'kill':
        this.tell(`${this.nameOf(event.task)} is killed (SIGKILL): its stop timeout is over`, 'hurt')
        break
      case 'service':
        if (event.held !== undefined) this.tell(`ECS has to wait for protected tasks: ${event.held}`, 'good')
        break
    }
  }

  #named(taskArn: string): string {
    return this.nameOf(this.site.fake.task(taskArn))
  }

  #followTask(task: FakeTask): void {
    if (task.status === 'STOPPED') {
      this.tell(`${this.nameOf(task)} has ended, exit code ${task.container().exitCode}`)
    }
    if (task.status !== 'RUNNING') return
    const name = this.nameOf(task)
    const provider = task.capacityProvider === 'FARGATE_SPOT' ? 'on Spot' : 'on Fargate'
    this.tell(`${name} starts ${provider}, revision ${task.definition.revision}`)
    const started = (): void => void this.#started.add(task)
    // A task that is stopped while it starts never says so.
    task
      .container()
      .process.said('worker started')
      .then(started, () => undefined)
  }

  /** ECS refuses a task that is being stopped by TASK_NOT_VALID, the reason it has for tasks of no service: tells them apart. */
  #tellRefused({ taskArn, reason, protect }: Extract<FakeEcsEvent, { readonly type: 'refused' }>): void {
    const name = this.#named(taskArn)
    if (this.site.fake.task(taskArn).stopOrdered) {
      const asked = protect ? 'had asked for protection' : 'gives its protection back'
      this.tell(`${name} ${asked} too late: it is being stopped`)
      return
    }
    const asks = protect ? 'asks for protection' : 'gives its protection back'
    this.tell(`${name} ${asks}, ECS refuses: ${reason}`)
  }

  #tellStop({ task, cause }: Extract<FakeEcsEvent, { readonly type: 'stop' }>): void {
    this.site.log.read()
    const inside = this.site.log.board.slotsOf(this.site.pidOf(task)).length
    const runs = inside === 1 ? '1 run inside goes' : `${inside} runs inside go`
    const why = causes[cause.kind] ?? cause.kind
    const then = inside === 0 ? 'nothing runs there' : `${runs} on elsewhere`
    this.tell(
      `${this.nameOf(task)} gets SIGTERM by ${why}: ${then}`,
      cause.kind === 'spot' ? 'hurt' : 'plain',
    )
  }
}
