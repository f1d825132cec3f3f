import { closeSync, openSync, readSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { BodyLog, type Line } from '../../fleet/body-log.ts'
import { StoryBoard } from './story-board.ts'

const pollMs = 25
const chunkBytes = 1 << 20

/** Follows the event log of a story's workers: reads each line once, however long the log gets. */
export class StoryLog {
  readonly bodyLog: BodyLog
  readonly lines: Line[] = []
  readonly board: StoryBoard = new StoryBoard()
  readonly #descriptor: number
  readonly #buffer: Buffer = Buffer.alloc(chunkBytes)
  #offset = 0
  #rest = ''

  constructor(file: string) {
    this.bodyLog = new BodyLog(file)
    this.#descriptor = openSync(file, 'r')
  }

  /** Reads the lines written since the last read. */
  read(): void {
    for (;;) {
      const bytes = readSync(this.#descriptor, this.#buffer, 0, chunkBytes, this.#offset)
      if (bytes === 0) return
      this.#offset += bytes
      const texts = (this.#rest + this.#buffer.toString('utf8', 0, bytes)).split('\n')
      this.#rest = texts.pop() ?? ''
      for (const text of texts) {
        const line = JSON.parse(text) as Line
        this.lines.push(line)
        this.board.apply(line)
      }
    }
  }

  /** Resolves once `holds` is true. Reads before each evaluation. */
  async until(holds: () => boolean): Promise<void> {
    for (;;) {
      this.read()
      if (holds()) return
      await wait(pollMs)
    }
  }

  close(): void {
    closeSync(this.#descriptor)
    this.bodyLog.close()
  }
}
