import type { Key } from '../app/key.ts'
import { edited, emptyField, fieldOf, pasted, type TextField } from '../app/text-field.ts'
import type { FieldSpec } from './action.ts'

/** The text fields of a dialog. While no field is active, keys are answers. */
export interface Form {
  readonly fields: readonly FormField[]
  /** -1: none. */
  readonly active: number
}

interface FormField extends FieldSpec {
  readonly kind: 'value' | 'reason' | 'challenge'
  readonly field: TextField
}

const reasonName = 'reason'
const maxReason = 1_000

/** @param challenge The text to type before it can be confirmed; left out: none. */
export function formOf(
  specs: readonly FieldSpec[],
  { asksReason, challenge }: { readonly asksReason: boolean; readonly challenge: string | undefined },
): Form {
  const fields = [
    ...specs.map((spec): FormField => ({ ...spec, kind: 'value', field: fieldOf(spec.value) })),
    ...(asksReason ? [reasonField] : []),
    ...(challenge === undefined ? [] : [challengeField(challenge)]),
  ]
  const needed = fields.findIndex(({ kind }) => kind === 'challenge')
  const first = fields.findIndex(({ kind }) => kind === 'value')
  return { fields, active: needed >= 0 ? needed : first }
}

const reasonField: FormField = {
  ...{ name: reasonName, label: 'reason', value: '', kind: 'reason', field: emptyField },
  check: (text) => (text.length <= maxReason ? undefined : `a reason has at most ${maxReason} characters`),
}

function challengeField(challenge: string): FormField {
  return {
    ...{ name: 'challenge', label: `type ${challenge}`, value: '', kind: 'challenge', field: emptyField },
    check: (text) => (text === challenge ? undefined : `type ${challenge} first`),
  }
}

/** Returns the form after a key; undefined if the key is not for the form. */
export function pressForm(form: Form, key: Key): Form | undefined {
  const { active, fields } = form
  if (key.name === 'tab' || key.name === 'down') return turned(form, 1)
  if (key.name === 'shift-tab' || key.name === 'up') return turned(form, -1)
  const current = fields[active]
  if (current === undefined) return undefined
  if (key.name === 'enter') return turned(form, 1)
  const field = edited(current.field, key)
  return field === undefined ? form : withField(form, field)
}

/** A challenge is typed, never pasted; a paste outside of a field is ignored. */
export function pasteForm(form: Form, text: string): Form {
  const current = form.fields[form.active]
  if (current === undefined || current.kind === 'challenge') return form
  return withField(form, pasted(current.field, text))
}

function withField(form: Form, field: TextField): Form {
  const fields = form.fields.map((one, i) => (i === form.active ? { ...one, field } : one))
  const current = fields[form.active]
  const isMet = current?.kind === 'challenge' && current.check(field.text) === undefined
  return { fields, active: isMet ? -1 : form.active }
}

/** From one field to the next, and out of the form after the last. */
function turned({ fields, active }: Form, by: 1 | -1): Form {
  const places = fields.length + 1
  return { fields, active: ((active + 1 + by + places) % places) - 1 }
}

/** Returns the first invalid field. */
export function problemOf({ fields }: Form): { readonly index: number; readonly text: string } | undefined {
  for (const [index, { check, field }] of fields.entries()) {
    const text = check(field.text.trim())
    if (text !== undefined) return { index, text }
  }
  return undefined
}

/** Whether the challenge has been typed, or there is none. */
export function isArmed({ fields }: Form): boolean {
  return fields.every(
    ({ kind, check, field }) => kind !== 'challenge' || check(field.text.trim()) === undefined,
  )
}

export function valuesOf({ fields }: Form): Readonly<Record<string, string>> {
  const values = fields.filter(({ kind }) => kind === 'value')
  return Object.fromEntries(values.map(({ name, field }) => [name, field.text.trim()]))
}

export function reasonOf({ fields }: Form): string | undefined {
  const text = fields.find(({ kind }) => kind === 'reason')?.field.text.trim()
  return text === '' ? undefined : text
}

/** The form of a new plan, with the reason that was typed before. */
export function withReasonOf(form: Form, before: Form | undefined): Form {
  const reason = before?.fields.find(({ kind }) => kind === 'reason')
  if (reason === undefined) return form
  return { ...form, fields: form.fields.map((one) => (one.kind === 'reason' ? reason : one)) }
}
