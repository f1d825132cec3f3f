import type { Logger } from './job.ts'

/** Returns a logger that adds `bindings` to every line of `log`. */
export function withFields(log: Logger, bindings: object): Logger {
  const bind =
    (level: keyof Logger) =>
    (fields: object, message?: string): void =>
      log[level]({ ...bindings, ...fields }, message)
  return { debug: bind('debug'), info: bind('info'), warn: bind('warn'), error: bind('error') }
}

/** Returns a logger that drops lines written while `isSilent` returns true. */
export function silentWhile(isSilent: () => boolean, log: Logger): Logger {
  const write =
    (level: keyof Logger) =>
    (fields: object, message?: string): void => {
      if (!isSilent()) log[level](fields, message)
    }
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
}
