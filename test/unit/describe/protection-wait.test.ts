import { describe, expect, test } from 'vitest'
import { hindranceText } from '../../../runtime/describe/hindrance.ts'
import { protectionToken } from '../../../runtime/describe/protection-text.ts'
import {
  commonRefusal,
  type ProtectionCandidate,
  protectionWaitText,
} from '../../../runtime/describe/protection-wait.ts'
import { noReply, type ProtectionState } from '../../../runtime/model/protection.ts'
import type { WorkerInfo } from '../../../runtime/store/worker-info.ts'
import type { ProtectionInfo } from '../../../runtime/store/worker-report.ts'

function saying(state: ProtectionState, over: Partial<ProtectionInfo> = {}): ProtectionCandidate {
  return { protection: { mode: 'required', state, users: 0, protectedForMs: 0, ...over } }
}

const blocked = (retryInMs: number | undefined): ProtectionCandidate =>
  saying({ kind: 'refused', code: 'DEPLOYMENT_BLOCKED', detail: '3 tasks are protected', retryInMs })
const invalid = saying({
  kind: 'refused',
  code: 'TASK_NOT_VALID',
  detail: 'no service',
  retryInMs: undefined,
})
const denied = saying({
  kind: 'refused',
  code: 'AccessDeniedException',
  detail: 'no task IAM role credentials available for task',
  retryInMs: 5_000,
})
const silent = saying({
  kind: 'refused',
  code: noReply,
  detail: 'no reply within 6.0 s',
  retryInMs: 5_000,
})
const withoutRole = saying({
  kind: 'refused',
  code: 'CredentialsProviderError',
  detail: 'no credentials',
  retryInMs: 5_000,
})
const resting = saying({ kind: 'resting', forMs: 40_000 })
const older = saying({ kind: 'closing', cause: 'newer revision' })
const long = saying({ kind: 'closing', cause: 'total' })

describe('the reason a run that needs protection waits', () => {
  test.each<[string, readonly ProtectionCandidate[]]>([
    ['no worker that could take it has protection or may ask for it now', []],
    ['no worker that could take it has protection or may ask for it now', [{}, {}]],
    ['1 worker that could take it may ask for protection', [{ protectedRuns: 'may ask' }]],
    ['1 worker that could take it may ask for protection', [saying({ kind: 'idle' })]],
    ['1 worker asks ECS for protection', [saying({ kind: 'asking', forMs: 1, keepsSlot: true })]],
    [
      '2 workers have too little protection left and renew it first',
      [saying({ kind: 'held' }), saying({ kind: 'held' })],
    ],
    [
      '2 workers were refused protection by ECS (DEPLOYMENT_BLOCKED: 3 tasks are protected; raise the desired count above the number ' +
        'of protected tasks, or wait for one to end; next try in 5.0s)',
      [blocked(5_000), blocked(9_000)],
    ],
    [
      "1 worker was refused protection by ECS (TASK_NOT_VALID: no service; run the worker in an ECS service: a task started by RunTask can't be protected; for good)",
      [invalid],
    ],
    [
      '1 worker was refused protection by ECS (AccessDeniedException: no task IAM role credentials available for task; give the task a ' +
        'role (taskRoleArn) that allows ecs:UpdateTaskProtection; next try in 5.0s)',
      [denied],
    ],
    ['1 worker got no reply from ECS (no reply within 6.0 s; next try in 5.0s)', [silent]],
    [
      '1 worker was refused protection by ECS (CredentialsProviderError: no credentials; give the task a role (taskRoleArn) that ' +
        'allows ecs:UpdateTaskProtection; next try in 5.0s)',
      [withoutRole],
    ],
    ['1 worker stays unprotected for 40.0s more after a long protection, so that ECS can stop it', [resting]],
    ['2 workers are of an older revision than another one, and take no such runs', [older, older]],
    [
      '1 worker has been protected for more than half of maxTotal, and takes no more until it has finished those in hand',
      [long],
    ],
    [
      '1 worker is of an older revision than another one, and takes no such runs; 1 worker that could take it may ask for protection',
      [older, { protectedRuns: 'may ask' }],
    ],
  ])('%s', (text, candidates) => {
    expect(protectionWaitText(candidates)).toBe(text)
  })

  test('is a refusal only if all were refused for the same reason', () => {
    expect(commonRefusal([blocked(1), blocked(undefined)])).toBe('DEPLOYMENT_BLOCKED')
    expect([commonRefusal([blocked(1), invalid]), commonRefusal([blocked(1), resting])]).toEqual([
      undefined,
      undefined,
    ])
    expect(commonRefusal([])).toBeUndefined()
  })

  test.each<[string, readonly ProtectionCandidate[]]>([
    ['ECS refuses scale-in protection: DEPLOYMENT_BLOCKED', [blocked(1), blocked(2)]],
    ['no reply from ECS about scale-in protection', [silent, silent]],
    ['waits for a worker with scale-in protection', [silent, blocked(1)]],
  ])('is in a cell: %s', (text, candidates) => {
    const run = { job: 'charge', version: 1, queue: 'default', protect: true as const }
    expect(hindranceText({ kind: 'unprotected', candidates: candidates as readonly WorkerInfo[] }, run)).toBe(
      text,
    )
  })
})

test('a table shows a worker’s protection in a few words', () => {
  const token = ({ protection }: ProtectionCandidate): string =>
    protection === undefined ? '' : protectionToken(protection)
  expect(token(saying({ kind: 'held' }, { protectedForMs: 298_000 }))).toBe('held 4m58s')
  expect(token(saying({ kind: 'idle' }))).toBe('idle')
  expect(token(blocked(5_000))).toBe('refused DEPLOYMENT_BLOCKED')
  expect(token(silent)).toBe('no reply')
  expect(token(saying({ kind: 'closing', cause: 'newer revision' }, { protectedForMs: 60_000 }))).toBe(
    'newer revision, held 1m0s',
  )
  expect(token(long)).toBe('maxTotal')
  expect(token(resting)).toBe('rests 40.0s')
  expect(token(saying({ kind: 'idle' }, { sharesTask: true }))).toBe('idle, task shared')
})
