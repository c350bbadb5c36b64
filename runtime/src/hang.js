/** When a thread that does not say that it lives counts as hung: pure. */

/**
 * Measured: a project of 300 files and 10 MB with Tailwind keeps the thread for no longer than SEE_BELOW on two busy
 * cores. An observer's page gives up 9 s after its socket broke.
 */
export const SILENT_MS = 4_000
/**
 * A machine that is overloaded lets a healthy process wait for as long. Only one that had the processor for most of
 * this time is in a loop.
 */
const BUSY_MS = 3_000

/**
 * @param {number} silentMs since the last sign of life
 * @param {number} busyMs processor time of the process since then
 * @param {boolean} asleep all the time it waited for neither the processor nor the disk: in the kernel, for an event
 */
export function hangs(silentMs, busyMs, asleep) {
  return silentMs >= SILENT_MS && (busyMs >= BUSY_MS || asleep)
}
