import { createHash } from 'node:crypto'
import { type StaticKey, staticKeys } from './keys.ts'
import { withConstants } from './script-constants.ts'
import { scriptSources } from './script-sources.ts'
import { clockRefusal, expectationPrefix, noticedMs } from './server-clock.ts'
import { withUsedFunctions } from './used-functions.ts'

/** Raise it when a newer version would read or write a namespace differently. */
export const redisFormat = 1

export type ScriptName = Exclude<keyof typeof scriptSources, 'prelude' | `${string}-part`>

/** A script as it is sent: its source with the shared parts, and the keys that stand first in its call. */
export interface Script {
  readonly source: string
  readonly sha: string
  readonly keys: readonly StaticKey[]
  /** Whether its first argument is a test's time, or ''. */
  readonly timed: boolean
  /** Whether it writes nothing, so that a user who may only read can run it. */
  readonly readOnly: boolean
}

const shared = {
  call: 'redis.call',
  pack: 'struct.pack',
  unpack1: 'struct.unpack',
  sub: 'string.sub',
  floor: 'math.floor',
} as const

const made = new Map<ScriptName, Script>()

/**
 * A script by its name. The comment at its head is parsed:
 * - `keys`: names of keys.ts (or `all`), then after `+` those that its caller adds; the script finds them as `K.name`
 * and, the added ones, from `KEYS[STATIC_KEYS + 1]` on
 * - `input`: its arguments; if the first is `time`, `now`, `wall` and `time` are set, `script-calls.ts` adds the time
 * and the expectation, and `meta` must be among the keys
 * - `writes: nothing`: it only reads, and the server enforces that
 * - `writes: when full`: it works at the server's memory limit (R32); `, and tells it` sets `FULL`
 * - `uses`: parts that precede it, without unused functions; a part may have `uses`, too
 * A line `--[[include NAME]]` inserts a part there, whose functions are created only if the script gets there.
 * - `calls`: scripts it calls as functions: `enqueue` is `callEnqueue(ARGV)`, `read-queues` is `callReadQueues(ARGV)`
 */
export function scriptOf(name: ScriptName): Script {
  const known = made.get(name)
  if (known !== undefined) return known
  const script = compose(name)
  made.set(name, script)
  return script
}

function compose(name: ScriptName): Script {
  const body = withIncludes(name, scriptSources[name])
  const header = (field: string): string => headerOf(body, field)
  const timed = header('input').startsWith('time')
  const parts = partsUsed(name, scriptSources[name]).map((part) => partOf(name, part))
  const called = words(header('calls')).map((script) => asFunction(script, partOf(name, script)))
  const script = [...called, body].join('\n')
  const text = [...(timed ? clock : []), withUsedFunctions(parts.join('\n'), script), script].join('\n')
  const keys = keysOf(name, header('keys'), text)
  const source = withValuesInPlace(
    withConstants(
      name,
      [
        `local STATIC_KEYS, FORMAT = ${keys.length}, ${redisFormat}`,
        ...opening(name, header('writes')),
        withKeysInPlace(name, keys, text),
      ].join('\n'),
    ),
  )
  return scriptFrom(source, { keys, timed, readOnly: header('writes') === 'nothing' })
}

export function scriptFrom(source: string, about: Omit<Script, 'source' | 'sha'>): Script {
  return { source, sha: createHash('sha1').update(source).digest('hex'), ...about }
}

function headerOf(source: string, field: string): string {
  return new RegExp(`^${field}: (.*)$`, 'm').exec(source)?.[1]?.trim() ?? ''
}

function words(text: string): string[] {
  return text.split(' ').filter((word) => word !== '')
}

const include = /^ *--\[\[include ([\w-]+)\]\]$/gm

function withIncludes(name: ScriptName, source: string): string {
  return source.replace(include, (_, part: string) => partOf(name, part))
}

/** Each part once, those that others use before them; what an included part uses, but not what is included. */
function partsUsed(name: ScriptName, source: string): string[] {
  const included = [...source.matchAll(include)].flatMap(([, part]) => part ?? [])
  const uses = [source, ...included.map((part) => partOf(name, part))].flatMap((text) =>
    words(headerOf(text, 'uses')),
  )
  const found = uses
    .filter((part) => !included.includes(part))
    .flatMap((part) => [...partsUsed(name, partOf(name, part)), part])
  return [...new Set(found)]
}

/** `K.name` is for the reader: a variable that a function shares with the script costs every call of it, a global nothing. */
function withKeysInPlace(name: ScriptName, keys: readonly StaticKey[], text: string): string {
  return text
    .replace(/\bK\.(\w+)/g, (_, key) => {
      const place = keys.indexOf(key) + 1
      if (place === 0) throw new Error(`script ${name} uses the key ${key} and does not declare it`)
      return `KEYS[${place}]`
    })
    .replace(
      /(?<![.\w])(call|pack|unpack1|sub|floor)\(/g,
      (_, name: keyof typeof shared) => `${shared[name]}(`,
    )
}

/** Constants are for the reader: the final script has their numbers and texts inline, for the same reason. */
function withValuesInPlace(source: string): string {
  const literals = new Map<string, string>()
  const rest = source.replace(
    /^local ([A-Z][A-Z_, ]*) = ((?:[\d.]+|'[^',]*')(?:, (?:[\d.]+|'[^',]*'))*)$/gm,
    (_, names: string, values: string) => {
      const all = values.split(',').map((value) => value.trim())
      for (const [i, constant] of names.split(',').entries()) literals.set(constant.trim(), all[i] ?? 'nil')
      return ''
    },
  )
  return rest.replace(/\b[A-Z][A-Z_]+\b/g, (word) => literals.get(word) ?? word)
}

function partOf(name: ScriptName, part: string): string {
  const known: Readonly<Record<string, string>> = scriptSources
  const source = known[part]
  if (source === undefined) throw new Error(`script ${name} uses ${part}, which is not there`)
  return source
}

/** Its own arguments hide those of the script that calls it. */
function asFunction(script: string, source: string): string {
  const name = script
    .split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('')
  return `local function call${name}(ARGV)\n${source}\nend`
}

/**
 * The server's time, read once: everything in a script happens at one instant. A test gives its own as ARGV[1]. `wall`
 * is the server's clock, `now` the store's time (server-clock.ts). A script does nothing when `now` is far from the
 * time that the caller expects, its last argument.
 */
const clock = [
  "local time = redis.call('TIME')",
  'local wall = tonumber(ARGV[1]) or time[1] * 1000 + math.floor(time[2] / 1000)',
  "local now = wall + (tonumber(call('HGET', K.meta, 'clockOffset')) or 0)",
  'do',
  `  local expected = string.match(ARGV[#ARGV], '^${expectationPrefix}(%d*)$')`,
  '  if expected then ARGV[#ARGV] = nil end',
  "  expected = tonumber(expected or '')",
  `  if expected and math.abs(now - expected) > ${noticedMs} then`,
  `    return redis.error_reply('${clockRefusal} this is not the time that the caller expects')`,
  '  end',
  'end',
]

function keysOf(name: ScriptName, header: string, text: string): readonly StaticKey[] {
  const named = header.split(' + ')[0] ?? ''
  if (named === 'all') return staticKeys.filter((key) => new RegExp(`\\bK\\.${key}\\b`).test(text))
  const strange = named.split(' ').find((key) => !(staticKeys as readonly string[]).includes(key))
  if (strange !== undefined) throw new Error(`script ${name} declares '${strange}', which is no key`)
  return named.split(' ') as StaticKey[]
}

/**
 * R32: at its memory limit a server refuses a script's writes, also those that free memory, unless the first one
 * only deletes. The probe before it tells the script whether the limit is reached.
 */
function opening(name: ScriptName, writes: string): string[] {
  const open = "redis.call('HDEL', KEYS[1], 'probe')"
  if (writes === 'when full') return [open]
  if (writes === 'when full, and tells it') {
    // The field always exists: refused when full, and otherwise nothing is written.
    return ["local FULL = type(redis.pcall('HSETNX', KEYS[1], 'format', FORMAT)) == 'table'", open]
  }
  if (writes !== '' && writes !== 'nothing')
    throw new Error(`script ${name}: 'writes: ${writes}' means nothing`)
  return []
}
