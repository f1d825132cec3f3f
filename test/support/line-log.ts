import type { Logger } from '../../runtime/model/job.ts'

interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly fields: object
  readonly message: string
}

/** Retains the logged lines. */
export class LineLog implements Logger {
  readonly lines: LogLine[] = []

  debug(fields: object, message = ''): void {
    this.lines.push({ level: 'debug', fields, message })
  }

  info(fields: object, message = ''): void {
    this.lines.push({ level: 'info', fields, message })
  }

  warn(fields: object, message = ''): void {
    this.lines.push({ level: 'warn', fields, message })
  }

  error(fields: object, message = ''): void {
    this.lines.push({ level: 'error', fields, message })
  }

  get messages(): string[] {
    return this.lines.map(({ level, message }) => `${level}: ${message}`)
  }
}
