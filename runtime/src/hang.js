/** When a thread that does not say that it lives counts as hung: pure. */

/** An observer's page gives up 9 s after its socket broke, and a start takes 2. */
const SILENT_MS = 4_000
/**
 * A machine that is overloaded lets a healthy process wait for as long. Only one that had the processor for most of
 * this time is in a loop.
 */
const BUSY_MS = 3_000
/**
 * The longest turns without a sign of life: Tailwind reads all classes of a project at once (0.5 s for 1 MB of dense JSX,
 * 3.9 s for 9 MB), and Babel one module (over 4 s for a bundle of 2.2 MB). So much more for each megabyte.
 */
const PER_MEGABYTE_MS = 2_000
/** Larger projects are not taken; what is larger was made by session code. */
const MEGABYTES = 16

/**
 * @param {number} silentMs since the last sign of life
 * @param {number} busyMs processor time of the process since then
 * @param {number} asleepMs for how long it has waited for neither the processor nor the disk: in the kernel, for an event
 * @param {() => number} bytes size of the project; asked only if it matters
 */
export function hangs(silentMs, busyMs, asleepMs, bytes) {
  if (asleepMs >= SILENT_MS) return true
  if (silentMs < SILENT_MS || busyMs < BUSY_MS) return false
  const more = Math.min(MEGABYTES, bytes() / 1e6) * PER_MEGABYTE_MS
  return silentMs >= SILENT_MS + more && busyMs >= BUSY_MS + more
}
