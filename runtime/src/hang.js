/** When a thread that does not say that it lives counts as hung: pure. */

/**
 * Measured: the longest that a project of 300 files with Tailwind keeps the thread is under a second (see
 * docs/performance.md); an observer's page gives up 9 s after its socket broke.
 */
const SILENT_MS = 4_000
/**
 * A machine that is overloaded lets a healthy process wait for as long. Only one that had the processor for most of
 * this time is in a loop.
 */
const BUSY_MS = 3_000

/**
 * @param {number} silentMs since the last sign of life
 * @param {number} busyMs processor time of the process since then
 */
export function hangs(silentMs, busyMs) {
  return silentMs >= SILENT_MS && busyMs >= BUSY_MS
}
