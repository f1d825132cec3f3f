import { formatDuration } from '../model/format-duration.ts'
import { noReply, type ProtectionMode, type ProtectionState, startsUnprotected } from '../model/protection.ts'
import type { ProtectionInfo } from '../store/worker-report.ts'
import { durationToken } from './duration-token.ts'

const closing = {
  draining: 'this worker is stopping: it requests no more protection',
  'newer revision': 'a newer revision of its task family has started: it takes no new protected runs',
  total: 'protected for more than half of maxTotal: it takes no new protected runs until it has none',
} as const satisfies Record<Extract<ProtectionState, { kind: 'closing' }>['cause'], string>

/** Returns in words what a task's holder is doing, and the consequences for runs that need protection. */
export function protectionText(mode: ProtectionMode, state: ProtectionState, protectedForMs: number): string {
  switch (state.kind) {
    case 'idle':
      return 'not protected; it asks when a run needs protection'
    case 'asking':
      return `asking ECS for protection for ${formatDuration(state.forMs)}`
    case 'held':
      return `protected for ${formatDuration(protectedForMs)} more`
    case 'refused':
      return refusedText(mode, state)
    case 'closing':
      return closing[state.cause]
    case 'resting':
      return `unprotected for ${formatDuration(state.forMs)} more, so that ECS can stop it after a long protection`
  }
}

function refusedText(
  mode: ProtectionMode,
  { code, detail, retryInMs }: Extract<ProtectionState, { kind: 'refused' }>,
): string {
  const next =
    retryInMs === undefined ? "it doesn't ask again" : `it asks again in ${formatDuration(retryInMs)}`
  const meanwhile = startsUnprotected[mode] ? 'such runs start unprotected' : 'such runs wait'
  return `${refusalText({ code, detail })}; ${next}, ${meanwhile}${remedyOf(code)}`
}

/** Returns the result of a call that brought no protection. */
export function refusalText({ code, detail }: { readonly code: string; readonly detail: string }): string {
  return code === noReply ? `ECS sent no reply (${detail})` : `protection was refused (${code}: ${detail})`
}

const needsRole = 'give the task a role (taskRoleArn) that allows ecs:UpdateTaskProtection'

/** What ends a refusal besides time, by its code. */
const remedies: Readonly<Record<string, string>> = {
  TASK_NOT_VALID: "run the worker in an ECS service: a task started by RunTask can't be protected",
  DEPLOYMENT_BLOCKED: 'raise the desired count above the number of protected tasks, or wait for one to end',
  AccessDeniedException: needsRole,
  CredentialsProviderError: needsRole,
}

/** Returns what a person can do about a refusal, after a semicolon; '' if only time helps. */
export function remedyOf(code: string): string {
  const remedy = remedies[code]
  return remedy === undefined ? '' : `; ${remedy}`
}

/** Returns a worker's protection for a table: `held 4m58s`, `refused DEPLOYMENT_BLOCKED`, `no reply`, `newer revision, held 3m2s`. */
export function protectionToken({ state, protectedForMs, sharesTask }: ProtectionInfo): string {
  const held = protectedForMs > 0 ? [`held ${durationToken(protectedForMs)}`] : []
  return [...ownToken(state), ...held, ...(sharesTask ? ['task shared'] : [])].join(', ')
}

function ownToken(state: ProtectionState): readonly string[] {
  switch (state.kind) {
    case 'held':
      return []
    case 'refused':
      return [state.code === noReply ? 'no reply' : `refused ${state.code}`]
    case 'closing':
      return [state.cause === 'total' ? 'maxTotal' : state.cause]
    case 'resting':
      return [`rests ${durationToken(state.forMs)}`]
    case 'asking':
    case 'idle':
      return [state.kind]
  }
}
