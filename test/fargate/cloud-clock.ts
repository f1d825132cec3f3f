import { setTimeout as delay } from 'node:timers/promises'
import type { Protection } from '../../runtime/model/protection.ts'
import type { FakeEcs } from '../support/ecs/fake-ecs.ts'
import { FakeClock } from '../support/fake-clock.ts'

interface Watched {
  readonly fake: FakeEcs
  readonly taskArn: string
  readonly protection: Protection
}

const agentAttempts = 3

/**
 * One time for a fake cloud and for the holders of protection in its tasks, moved by a test. No timer fires while a call
 * of a watched holder is on its way, so that no call is late on a busy machine. Workers and stores have the real time.
 */
export class CloudClock extends FakeClock {
  readonly #watched: Watched[] = []

  watch(fake: FakeEcs, taskArn: string, protection: Protection): void {
    this.#watched.push({ fake, taskArn, protection })
  }

  /** Lets time pass in steps until `holds` returns true; the workers run between them. */
  async passUntil(holds: () => boolean | Promise<boolean>, stepMs = 1_000): Promise<void> {
    while (!(await holds())) {
      await this.advance(stepMs)
      await delay(5)
    }
  }

  override async settle(): Promise<void> {
    do await super.settle()
    while (this.#watched.some((each) => isOnItsWay(each)))
  }
}

/** Whether a holder's call has yet to arrive at the fake, or its reply at the holder, and that takes no time of the clock. */
function isOnItsWay({ fake, taskArn, protection }: Watched): boolean {
  const { asked, renewed, released, retried, confirmed, refused, throttled, lost } = protection.status.calls
  const sent = asked + renewed + released + retried
  if (sent === confirmed + refused + throttled + lost) return false
  const arrived = fake.calls.attempts({ door: 'agent', task: taskArn })
  const last = arrived.at(-1)
  if (arrived.length < sent || last === undefined) return true
  return last.outcome === 'open' ? !isBetweenAttempts(fake, taskArn) : last.outcome !== 'hang'
}

/** Whether the agent pauses before it calls ECS again, or waits for a reply that never arrives. */
function isBetweenAttempts(fake: FakeEcs, taskArn: string): boolean {
  const last = fake.calls.attempts({ door: 'agent-sdk', task: taskArn }).at(-1)
  if (last === undefined) return false
  return last.outcome === 'hang' || (last.outcome.startsWith('error') && last.attempt < agentAttempts)
}
