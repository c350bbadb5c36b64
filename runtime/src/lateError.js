/** What session code throws when nobody waits for it any more: in a timer, or in a promise that was left alone. */
import { diagnose } from './diagnostics.js'

/** @typedef {import('./diagnostics.js').Diagnostic} Diagnostic */

/** Vite's own, of requests that a restart or a new dependency has overtaken. */
const OVERTAKEN = new Set(['ERR_CLOSED_SERVER', 'ERR_OUTDATED_OPTIMIZED_DEP', 'ERR_OPTIMIZE_DEPS_PROCESSING_ERROR'])

/**
 * @param {unknown} error @param {import('./diagnostics.js').Folders} folders
 * @returns {Diagnostic|null} null: it is not the session's. Never throws, whatever was thrown
 */
export function lateError(error, folders) {
  try {
    const { code, syscall } = /** @type {NodeJS.ErrnoException} */ (error instanceof Error ? error : {})
    // A connection that broke: browsers do that.
    if (OVERTAKEN.has(String(code)) || (syscall !== undefined && !/open|stat|scandir|spawn/.test(syscall))) return null
    return diagnose(error, folders)
  } catch {
    // Its getters throw: it was made to.
    return diagnose('session code threw what cannot be shown', folders)
  }
}
