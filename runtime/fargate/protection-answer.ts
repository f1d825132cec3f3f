/** What ECS made of one call, whichever way it went. Only `state` says what is in force. */
export type ProtectionAnswer =
  | {
      readonly kind: 'state'
      readonly taskArn: string
      readonly enabled: boolean
      /** Wall time in ms. Absent while protection is off. */
      readonly expiresAt?: number
    }
  | { readonly kind: 'refused'; readonly code: string; readonly detail: string }
  | { readonly kind: 'throttled'; readonly code: string; readonly detail: string }
  /** Nobody knows whether it took effect. */
  | { readonly kind: 'lost'; readonly detail: string }

export type ProtectionRequest =
  | { readonly enabled: true; readonly minutes: number }
  | { readonly enabled: false }

/** A way to ECS. */
export interface ProtectionTransport {
  /** Sends one request, once. Never rejects; what goes wrong is an answer. */
  update(request: ProtectionRequest, signal: AbortSignal): Promise<ProtectionAnswer>
  close(): void
}

const throttling = /throttl|toomanyrequests|requestlimitexceeded/i

/** Sorts a named error of ECS or its agent by what it says of the request. */
export function answerOfError(code: string, detail: string, isServerFault: boolean): ProtectionAnswer {
  if (throttling.test(code)) return { kind: 'throttled', code, detail }
  return isServerFault ? { kind: 'lost', detail: `${code}: ${detail}` } : { kind: 'refused', code, detail }
}
