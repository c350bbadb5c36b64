/**
 * Ends the process when session code keeps its only thread for itself: an endless loop in a config, a plugin or a timer.
 *
 * Nothing in that thread can notice. From outside it takes long (a probe's failures, then the grace of a SIGTERM that is
 * not heard), and it looks there like a process that a busy machine does not let run. A thread of our own sees which of
 * the two it is by the processor time. It costs 6 MB; the probes remain, for what blocks in the kernel.
 */
import { Worker } from 'node:worker_threads'

/** So often the main thread says that it lives. */
const BEAT_MS = 250

/** Indices of the memory that both threads see. */
export const BEAT = 0
export const HUNG = 1

const shared = new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT))

/**
 * Progress: to be called for every module that is compiled. Of hundreds that are compiled at a time none lets the timers
 * have their turn, for seconds; a loop makes no progress.
 */
export function beat() {
  Atomics.add(shared, BEAT, 1)
}

/** Whether a loop was broken: this process ends soon. */
export const isHung = () => Atomics.load(shared, HUNG) !== 0

/** It needs a timer, a file and an inspector session. */
const LIMITS = { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 1, stackSizeMb: 1 }

/**
 * @param {string} noteFile where the thread writes down who hung
 * @param {() => void} onHang called in the main thread, if it can still be reached once the loop is broken
 */
export function watch(noteFile, onHang) {
  setInterval(() => {
    beat()
    if (isHung()) onHang()
  }, BEAT_MS).unref()
  const thread = new Worker(new URL('./watchdogThread.js', import.meta.url), {
    workerData: { shared, noteFile }, env: {}, execArgv: [], resourceLimits: LIMITS, trackUnmanagedFds: false,
  })
  thread.unref()
  // Without it the probes from outside still watch.
  thread.on('error', () => {})
}
