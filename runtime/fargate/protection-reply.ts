import { textOf } from './json-value.ts'

/** ECS's reply to one call, through any transport. Only `state` says what is in force. */
export type ProtectionReply =
  | {
      readonly kind: 'state'
      readonly taskArn: string
      readonly enabled: boolean
      /** Wall time in ms. Absent while protection is off. */
      readonly expiresAt?: number
    }
  | { readonly kind: 'refused'; readonly code: string; readonly detail: string }
  | { readonly kind: 'throttled'; readonly code: string; readonly detail: string }
  /** It's unknown whether it took effect. */
  | { readonly kind: 'lost'; readonly detail: string }

export type ProtectionRequest =
  | { readonly enabled: true; readonly minutes: number }
  | { readonly enabled: false }

/** A transport to ECS. */
export interface ProtectionTransport {
  /** Sends one request, once. Never rejects; errors are replies too. */
  update(request: ProtectionRequest, signal: AbortSignal): Promise<ProtectionReply>
  close(): void
}

/** The refusal of one task, as ECS or its agent wrote it. */
export function refusalOf(reason: unknown, detail: unknown): ProtectionReply {
  return {
    kind: 'refused',
    code: textOf(reason) ?? 'unknown',
    detail: textOf(detail) ?? 'ECS gave no detail',
  }
}

const throttling = /throttl|toomanyrequests|requestlimitexceeded/i

/** Classifies a named error of ECS or its agent by what it means for the request. */
export function replyOfError(code: string, detail: string, isServerFault: boolean): ProtectionReply {
  if (throttling.test(code)) return { kind: 'throttled', code, detail }
  return isServerFault ? { kind: 'lost', detail: `${code}: ${detail}` } : { kind: 'refused', code, detail }
}
