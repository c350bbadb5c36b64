/** Waits for Vite's dependency optimiser, which bundles what it discovers a moment later and then reloads every page. */
import { setImmediate as turn, setTimeout as after } from 'node:timers/promises'

/** A cold pre-bundle of everything takes seconds; a page that asks meanwhile waits as well. */
const LIMIT_MS = 30_000

/** @param {NonNullable<import('vite').DevEnvironment['depsOptimizer']>} optimizer @returns {Promise<void>} when nothing is left to bundle, or time is up */
export async function bundled(optimizer) {
  const deadline = performance.now() + LIMIT_MS
  while (performance.now() < deadline) {
    const open = [optimizer.scanProcessing, ...Object.values(optimizer.metadata.discovered).map(({ processing }) => processing)].filter(Boolean)
    if (open.length === 0) return
    await Promise.race([Promise.all(open), after(deadline - performance.now(), undefined, { ref: false })])
    // It resolves first and invalidates the modules after that.
    await turn()
  }
}
