import type { Suspension } from './suspension.ts'

export type HowItEnded =
  | { readonly kind: 'ended'; readonly code: number }
  | { readonly kind: 'failed'; readonly error: unknown }

export interface Ending {
  /** Ends the screen. Twice is once. */
  end(code: number): void
  /** Resolves when the terminal is restored. */
  readonly done: Promise<HowItEnded>
}

/** The exit codes of the signals that end the screen. */
const codes = { SIGTERM: 143, SIGHUP: 129, SIGINT: 130 } as const
/** Of a terminal that is gone: as the shell that had it was told. */
const goneCode = codes.SIGHUP

/** What ink draws on the terminal. */
export interface Drawing {
  unmount(): void
  /** Rejects with what a component threw. */
  waitUntilExit(): Promise<unknown>
}

/**
 * Restores the terminal after any end of the screen: cursor, raw mode, pastes and the previous screen. Signals,
 * uncaught errors, and a terminal that is gone all end it; ctrl-z only lends the terminal to the shell.
 */
export function giveBack(instance: Drawing, suspension: Suspension): Ending {
  const { promise, resolve } = Promise.withResolvers<HowItEnded>()
  const finish = (how: HowItEnded): void => {
    release()
    keepTidy()
    suspension.end()
    instance.unmount()
    resolve(how)
  }
  const release = listening([
    [process, 'SIGTERM', () => finish({ kind: 'ended', code: codes.SIGTERM })],
    [process, 'SIGHUP', () => finish({ kind: 'ended', code: codes.SIGHUP })],
    // ctrl-c of a terminal that is lent: it is for the program that has it, as it is in a shell.
    [process, 'SIGINT', () => suspension.isLentToProgram || finish({ kind: 'ended', code: codes.SIGINT })],
    [process, 'SIGTSTP', () => void suspension.stop()],
    [process, 'SIGCONT', () => void suspension.takeBack()],
    [process, 'uncaughtException', (error) => finish({ kind: 'failed', error })],
    [process, 'unhandledRejection', (error) => finish({ kind: 'failed', error })],
    [process.stdout, 'error', () => finish({ kind: 'ended', code: goneCode })],
    [process.stdin, 'error', () => finish({ kind: 'ended', code: goneCode })],
    [process.stdin, 'end', () => finish({ kind: 'ended', code: goneCode })],
  ])
  // A component that throws ends ink by itself.
  instance.waitUntilExit().then(
    () => finish({ kind: 'ended', code: 0 }),
    (error: unknown) => finish({ kind: 'failed', error }),
  )
  return { end: (code) => finish({ kind: 'ended', code }), done: promise }
}

/** Later signals while connections and processes are closed may not end this one early. */
function keepTidy(): void {
  // Each end of a terminal that is gone reports it, and so do reads that fail later.
  process.on('SIGHUP', () => undefined)
  process.stdin.on('error', () => undefined)
  // Those are intended: cleanup runs at the exit.
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => process.exit(codes[signal]))
}

type Emitter = Pick<NodeJS.EventEmitter, 'on' | 'off'>
type Listener = readonly [emitter: Emitter, event: string, listener: (value: unknown) => void]

/** Listens to all of them, until the function that it returns is called. */
function listening(listeners: readonly Listener[]): () => void {
  for (const [emitter, event, listener] of listeners) emitter.on(event, listener)
  return () => {
    for (const [emitter, event, listener] of listeners) emitter.off(event, listener)
  }
}
