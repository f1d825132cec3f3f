import { writes } from '../model/bound-logger.ts'
import type { Clock } from '../model/clock.ts'
import { systemClock } from '../model/clock.ts'
import type { Logger, LogLevel } from '../model/job.ts'
import { toStoredError } from '../model/stored-error.ts'
import { describeValue, isError, messageOf, readProperty } from '../model/thrown.ts'

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
  const isLevelEnabled = (own: LogLevel): boolean => levels[own] >= levels[level]
  const write =
    (own: LogLevel) =>
    (fields: object, message?: string): void => {
      if (isLevelEnabled(own)) stream.write(format(own, clock.now(), readableFields(fields), message))
    }
  return {
    ...{ debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') },
    isLevelEnabled,
  }
}

/** Returns the same logger; if it throws, that is a warning of the process and changes nothing for its run. */
export function unfailing(log: Logger): Logger {
  let warned = false
  const warn = (error: unknown): void => {
    if (!warned) process.emitWarning(`the logger given to createWorker threw: ${messageOf(error)}`)
    warned = true
  }
  const call =
    (level: LogLevel) =>
    (fields: object, message?: string): void => {
      try {
        log[level](fields, message)
      } catch (error) {
        warn(error)
      }
    }
  const isLevelEnabled = (level: LogLevel): boolean => {
    try {
      return writes(log, level)
    } catch (error) {
      warn(error)
      return true
    }
  }
  return {
    ...{ debug: call('debug'), info: call('info'), warn: call('warn'), error: call('error') },
    isLevelEnabled,
  }
}

/** Returns `fields` unchanged, or the readable ones: a log call never throws into the job. */
function readableFields(fields: object): object {
  try {
    return { ...fields }
  } catch {
    return { fields: describeValue(fields) }
  }
}

function jsonLine(level: LogLevel, time: number, fields: object, message = ''): string {
  const own = { level: levels[level], time, pid: process.pid, msg: describeValue(message) }
  return `${jsonText({ ...fields, ...own }) ?? jsonText({ ...eachReadable(fields), ...own })}\n`
}

function readableLine(level: LogLevel, time: number, fields: object, message = ''): string {
  const clockTime = new Date(time).toTimeString().slice(0, 8)
  const rest = Object.entries(fields).map(([key, field]) => `${key}=${readableField(field)}`)
  return `${clockTime} ${level.padEnd(5)} ${[describeValue(message), ...rest].filter(Boolean).join('  ')}\n`
}

function readableField(field: unknown): string {
  if (typeof field === 'string') return field
  const message = readProperty(field, 'message')
  return typeof message === 'string'
    ? JSON.stringify(message)
    : (jsonText(field) ?? onOneLine(describeValue(field)))
}

function onOneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ')
}

/** Returns those that JSON can't hold as text, so that one of them does not cost the others. */
function eachReadable(fields: object): object {
  return Object.fromEntries(
    Object.entries(fields).map(([key, field]) => [
      key,
      jsonText(field) === undefined ? describeValue(field) : field,
    ]),
  )
}

/** Undefined for what JSON can't hold: cycles, and what throws when it is read. */
function jsonText(value: unknown): string | undefined {
  try {
    return JSON.stringify(value, safeValue)
  } catch {
    return undefined
  }
}

function safeValue(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  if (!isError(value)) return value
  const { name, message, stack } = toStoredError(value)
  return { type: name, message, stack }
}
