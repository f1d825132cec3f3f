import { describe, expect, test } from 'vitest'
import { parseAgentReply } from '../../../runtime/fargate/parse-agent-reply.ts'
import type { ProtectionReply } from '../../../runtime/fargate/protection-reply.ts'
import { errorBody, failureBody, protectionBody } from './ecs-endpoints.ts'
import { HolderScript, minutes, ownTask, seconds } from './holder-script.ts'

/** Each way a call can go wrong, as docs/fargate.md lists them, and how many calls are made before the pause. */
const failures: readonly (readonly [string, ProtectionReply, number])[] = [
  ['no task role (403)', parseAgentReply(403, errorBody('AccessDeniedException')), 1],
  ['unknown container (404)', parseAgentReply(404, errorBody('ResourceNotFoundException')), 1],
  ['ECS silent (504)', parseAgentReply(504, errorBody('RequestCanceled')), 3],
  ['a hang', { kind: 'lost', detail: 'no answer within 6.0 s' }, 3],
  ['a lost reply', { kind: 'lost', detail: 'read ECONNRESET' }, 3],
  ['throttling', parseAgentReply(400, errorBody('ThrottlingException')), 3],
  ['a failure body with 200', parseAgentReply(200, failureBody('DEPLOYMENT_BLOCKED')), 1],
  ['a task outside a service', parseAgentReply(200, failureBody('TASK_NOT_VALID')), 1],
  [
    'another task',
    { kind: 'state', taskArn: `${ownTask}0`, enabled: true, expiresAt: Number.MAX_SAFE_INTEGER },
    1,
  ],
  ['an expiry in the past', parseAgentReply(200, protectionBody(true, 1_000)), 1],
  ['protection that is off', parseAgentReply(200, protectionBody(false)), 1],
]

// Their effect before a run starts: test/fargate/replies-in-each-mode.test.ts.
describe.each(failures)('%s', (_name, answer, calls) => {
  test.each(['required', 'best-effort'] as const)('%s: a renewal reports it to its users', (mode) => {
    const holder = HolderScript.ready({ mode })
    holder.protect()
    holder.advanceGranted(4 * minutes - 1)
    holder.take()
    holder.advanceAnswered(5 * seconds, () => answer)
    expect(holder.take()).toHaveLength(calls)
    expect(holder.told).toMatchObject([{ why: 'renewal refused' }])
    expect(holder.mayClaim).toBe(mode === 'best-effort')
    expect(holder.state.users).toBe(1)
  })
})
