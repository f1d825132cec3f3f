import type { Logger, LogLevel } from './job.ts'

/** Whether `log` writes lines of this level. */
export function writes(log: Logger, level: LogLevel): boolean {
  return log.isLevelEnabled?.(level) ?? true
}

/** Returns a logger that adds `bindings` to every line of `log`. */
export function withFields(log: Logger, bindings: object): Logger {
  const bind =
    (level: LogLevel) =>
    (fields: object, message?: string): void => {
      if (writes(log, level)) log[level]({ ...bindings, ...fields }, message)
    }
  return {
    ...{ debug: bind('debug'), info: bind('info'), warn: bind('warn'), error: bind('error') },
    isLevelEnabled: (level) => writes(log, level),
  }
}

/** Returns a logger that drops lines written while `isSilent` returns true. */
export function silentWhile(isSilent: () => boolean, log: Logger): Logger {
  const write =
    (level: LogLevel) =>
    (fields: object, message?: string): void => {
      if (!isSilent()) log[level](fields, message)
    }
  return {
    ...{ debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') },
    isLevelEnabled: (level) => !isSilent() && writes(log, level),
  }
}
