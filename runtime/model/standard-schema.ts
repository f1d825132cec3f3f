import type { StandardSchemaV1 } from '@standard-schema/spec'
import { InvalidInputError } from './errors.ts'

/**
 * Returns the parsed value of `input`; `schedule`: the input is that schedule's.
 * @throws InvalidInputError listing every issue with its path.
 */
export async function parseInput(
  schema: StandardSchemaV1 | undefined,
  input: unknown,
  job: string,
  schedule?: string,
): Promise<unknown> {
  if (schema === undefined) return input
  const result = await schema['~standard'].validate(input)
  if (result.issues === undefined) return result.value
  const lines = result.issues.map((issue) => `${issuePath(issue)}: ${issue.message}`)
  throw new InvalidInputError(job, lines, { schedule })
}

function issuePath(issue: StandardSchemaV1.Issue): string {
  const keys = (issue.path ?? []).map((key) => (typeof key === 'object' ? key.key : key))
  return ['input', ...keys.map(String)].join('.')
}

/** Returns whether it is a schema of any library; some schemas are functions. */
export function isStandardSchema(value: unknown): value is StandardSchemaV1 {
  const schema = (typeof value === 'object' && value !== null) || typeof value === 'function'
  return schema && '~standard' in value
}
