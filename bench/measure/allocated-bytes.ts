import { GCProfiler, getHeapStatistics } from 'node:v8'

/** Counts the bytes of the JavaScript heap that this process allocates: what collections freed, and what is there since. */
export class AllocatedBytes {
  #profiler = new GCProfiler()
  #sum = 0
  #usedAtLast: number

  constructor() {
    this.#usedAtLast = used()
    this.#profiler.start()
  }

  /** Bytes allocated since the object was made. */
  total(): number {
    const { statistics } = this.#profiler.stop()
    for (const { beforeGC, afterGC } of statistics) {
      this.#sum += beforeGC.heapStatistics.usedHeapSize - this.#usedAtLast
      this.#usedAtLast = afterGC.heapStatistics.usedHeapSize
    }
    const now = used()
    this.#sum += now - this.#usedAtLast
    this.#usedAtLast = now
    this.#profiler = new GCProfiler()
    this.#profiler.start()
    return this.#sum
  }
}

function used(): number {
  return getHeapStatistics().used_heap_size
}
