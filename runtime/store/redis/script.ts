import { createHash } from 'node:crypto'
import { lossDelaysMs, poisonLimit, suspectStreak } from '../../model/poison.ts'
import { type RunState, runStates, runTransitions } from '../../model/run.ts'
import { keptEvents, longestPollMs, throughputMinutes } from '../store.ts'
import { type StaticKey, staticKeys } from './keys.ts'
import { scriptSources } from './script-sources.ts'

/** Raised when a newer version would read or write a namespace in another way. */
export const redisFormat = 1

export type ScriptName = Exclude<keyof typeof scriptSources, 'prelude' | `${string}-part`>

/** A script as it is sent: its source with the shared parts, and the keys that stand first in its call. */
export interface Script {
  readonly name: ScriptName
  readonly source: string
  readonly sha: string
  readonly keys: readonly StaticKey[]
}

const made = new Map<ScriptName, Script>()

export function scriptOf(name: ScriptName): Script {
  const known = made.get(name)
  if (known !== undefined) return known
  const body = scriptSources[name]
  const header = (field: string): string => new RegExp(`^${field}: (.*)$`, 'm').exec(body)?.[1]?.trim() ?? ''
  const keys = keysOf(header('keys'))
  const uses = header('uses')
    .split(' ')
    .filter((part) => part !== '') as (keyof typeof scriptSources)[]
  const source = [
    `local STATIC_KEYS, FORMAT = ${keys.length}, ${redisFormat}`,
    `local ${keys.map((key) => `K_${key}`).join(', ')} = ${keys.map((_, i) => `KEYS[${i + 1}]`).join(', ')}`,
    ...opening(header('writes')),
    ...(header('input').startsWith('time') ? clock : []),
    ...uses.map((part) => scriptSources[part]),
    body,
  ]
  // `K.name` stands for a key: as a local of its own it costs a script less than a table of all.
  const whole = withConstants(source.join('\n')).replace(/\bK\.(\w+)/g, 'K_$1')
  const script = { name, source: whole, sha: createHash('sha1').update(whole).digest('hex'), keys }
  made.set(name, script)
  return script
}

/** The server's time, read once: all of a script happens at one instant. A test gives its own as ARGV[1]. */
const clock = [
  "local time = redis.call('TIME')",
  'local now = tonumber(ARGV[1]) or time[1] * 1000 + math.floor(time[2] / 1000)',
]

function keysOf(header: string): readonly StaticKey[] {
  const named = header.split(' + ')[0] ?? ''
  return named === 'all' ? staticKeys : (named.split(' ') as StaticKey[])
}

/**
 * R32: at its memory limit a server refuses a script's writes, also those that free memory, unless the first one
 * only deletes. The probe before it tells the script whether the limit is reached.
 */
function opening(writes: string): string[] {
  const open = "redis.call('HDEL', KEYS[1], 'probe')"
  if (writes === 'when full') return [open]
  if (writes === 'when full, and tells it') {
    return ["local FULL = type(redis.pcall('HSET', KEYS[1], 'probe', '1')) == 'table'", open]
  }
  return []
}

/** The numbers and tables that scripts share with the rest of the code stand in one place: there. */
function withConstants(source: string): string {
  const moves = runStates.flatMap((state) =>
    Object.entries(runTransitions[state]).map(
      ([name, next]) => `;${stateCode(state)} ${name}=${stateCode(next)}`,
    ),
  )
  const names = runStates.map((state) => state.toUpperCase())
  const constants = {
    "--[[moves]] ''": `'${moves.join('')}'`,
    '--[[states]]': `local ${names.join(', ')} = ${runStates.map(stateCode).join(', ')}`,
    '--[[poison]] 0, 0, {}': `${poisonLimit}, ${suspectStreak}, { ${lossDelaysMs.join(', ')} }`,
    '--[[limits]] 0, 0, 0': `${longestPollMs}, ${keptEvents}, ${throughputMinutes}`,
  }
  return Object.entries(constants).reduce((text, [place, value]) => text.replace(place, value), source)
}

/** A state's number in records, from 1. */
export function stateCode(state: RunState): number {
  return runStates.indexOf(state) + 1
}

export function stateOfCode(code: number): RunState {
  return runStates[code - 1] ?? 'blocked'
}
