import { inspect } from 'node:util'
import type { Clock } from '../model/clock.ts'
import { systemClock } from '../model/clock.ts'
import type { Logger } from '../model/job.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

const levels = { debug: 20, info: 30, warn: 40, error: 50 } as const
levels satisfies Record<LogLevel, number>
export const logLevels: readonly LogLevel[] = Object.keys(levels) as LogLevel[]

export interface LoggerOptions {
  /** Default stdout. */
  readonly stream?: { write(text: string): unknown; readonly isTTY?: boolean }
  /** Lines below it are left out. Default `info`. */
  readonly level?: LogLevel
  readonly clock?: Clock
}

/** Writes lines in pino's JSON shape, or readable ones on a terminal. */
export function createLogger(options: LoggerOptions = {}): Logger {
  const { stream = process.stdout, level = 'info', clock = systemClock } = options
  const format = stream.isTTY ? readableLine : jsonLine
  const write =
    (own: LogLevel) =>
    (fields: object, message?: string): void => {
      if (levels[own] >= levels[level]) stream.write(format(own, clock.now(), fields, message))
    }
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
}

/** The same logger with `bindings` on every line. */
export function withFields(log: Logger, bindings: object): Logger {
  const bind =
    (level: LogLevel) =>
    (fields: object, message?: string): void =>
      log[level]({ ...bindings, ...fields }, message)
  return { debug: bind('debug'), info: bind('info'), warn: bind('warn'), error: bind('error') }
}

function jsonLine(level: LogLevel, time: number, fields: object, message = ''): string {
  const line = { ...fields, level: levels[level], time, pid: process.pid, msg: message }
  return `${jsonText(line)}\n`
}

function readableLine(level: LogLevel, time: number, fields: object, message = ''): string {
  const clockTime = new Date(time).toTimeString().slice(0, 8)
  const rest = Object.entries(fields).map(([key, field]) => `${key}=${readableField(field)}`)
  return `${clockTime} ${level.padEnd(5)} ${[message, ...rest].filter(Boolean).join('  ')}\n`
}

function readableField(field: unknown): string {
  if (typeof field === 'string') return field
  const { message } = (field ?? {}) as { message?: unknown }
  return typeof message === 'string' ? JSON.stringify(message) : (jsonText(field) ?? String(field))
}

/** JSON of anything: a log line never throws into the job. */
function jsonText(value: unknown): string | undefined {
  try {
    return JSON.stringify(value, safeValue)
  } catch {
    return JSON.stringify(inspect(value, { depth: 3, breakLength: Number.POSITIVE_INFINITY }))
  }
}

function safeValue(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  return value instanceof Error ? { type: value.name, message: value.message, stack: value.stack } : value
}
