// Prints a JSON file of this folder with each ${NAME} replaced by the variable of that name:
//   node --env-file=kit.env fill-in.ts task-definition.json
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const [file] = process.argv.slice(2)
if (file === undefined) {
  console.error('usage: node --env-file=kit.env fill-in.ts FILE')
  process.exit(2)
}

const unset = new Set<string>()
const filled: unknown = JSON.parse(readFileSync(join(import.meta.dirname, file), 'utf8'), (_key, value) =>
  typeof value === 'string' ? fill(value) : value,
)

/**
 * Returns a number for the one variable that ECS needs as a number. An account has only digits, too, and may begin with
 * 0.
 */
function fill(text: string): string | number {
  const filledIn = text.replaceAll(/\$\{(\w+)\}/g, (_, name) => variable(name))
  return /^\$\{STOP_TIMEOUT\}$/.test(text) && /^\d+$/.test(filledIn) ? Number(filledIn) : filledIn
}

/** An empty variable counts as unset: AWS accepts an ARN with a gap here and refuses it much later. */
function variable(name: string): string {
  const value = process.env[name] ?? ''
  if (value === '') unset.add(name)
  return value
}

if (unset.size > 0) {
  console.error(`${file} needs ${[...unset].join(', ')}: set them in kit.env or in the shell`)
  process.exit(1)
}
console.log(JSON.stringify(filled, undefined, 2))
