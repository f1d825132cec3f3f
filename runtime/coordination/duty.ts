/** The context of a duty for one term of leadership. */
export interface DutyTerm {
  /** Aborts when the term ends: by the worker's stop, by the loss of the term, at the latest at the local cut-off. */
  readonly signal: AbortSignal
  /** The term's number: the duty's writes carry it, and the store refuses an older one. */
  readonly fence: number
  /** Reports a successful round; `doctor` shows how long ago the last one was. */
  beat(): void
  /** Waits, but not beyond the end of the term, nor after `wake` has aborted. */
  pause(ms: number, wake?: AbortSignal): Promise<void>
}

/** Work that one worker of the fleet does for all: it runs again with each term. */
export interface Duty {
  readonly name: string
  /** Works until the signal aborts. If it throws, the error is logged, and it starts again while the term lasts. */
  work(term: DutyTerm): Promise<void>
}
