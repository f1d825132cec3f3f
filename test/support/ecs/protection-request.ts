export interface ProtectionRequest {
  readonly enabled: boolean | undefined
  readonly minutes: number | undefined
}

/**
 * Reads the body of a PUT as the agent's decoder does: member names in any case, no unknown members, null for a missing
 * one. Returns undefined for a refused body.
 */
export function readProtectionRequest(body: string): ProtectionRequest | undefined {
  let value: unknown
  try {
    value = JSON.parse(body)
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  let enabled: boolean | undefined
  let minutes: number | undefined
  for (const [name, member] of Object.entries(value)) {
    switch (name.toLowerCase()) {
      case 'protectionenabled':
        if (member !== null && typeof member !== 'boolean') return undefined
        enabled = member ?? undefined
        break
      case 'expiresinminutes':
        if (member !== null && !Number.isInteger(member)) return undefined
        minutes = (member as number | null) ?? undefined
        break
      default:
        return undefined
    }
  }
  return { enabled, minutes }
}
