/** A start that fails says why in one line, for the person who reads the pod's status: no stack, no folder of the machine. */
import fs from 'node:fs'
import { log } from './log.js'

/** Kubernetes shows 4 KiB of a termination message and no more; a sentence is enough. */
const MESSAGE_LIMIT = 1_000

/**
 * Runs a part of the start; the process ends with status 1 if it fails.
 * @template T
 * @param {string|undefined} terminationLog file that Kubernetes reads when the container has ended
 * @param {() => T|Promise<T>} part @returns {Promise<T>}
 */
export async function orEnd(terminationLog, part) {
  try {
    return await part()
  } catch (error) {
    const reason = reasonOf(error)
    log('error', 'the runtime does not start', { reason })
    if (terminationLog) leave(terminationLog, `the runtime does not start: ${reason}`)
    process.exit(1)
  }
}

/** An error of the system names paths in its text: its code and call say enough. @param {unknown} error */
export function reasonOf(error) {
  if (!(error instanceof Error)) return 'unknown error'
  const { code, syscall } = /** @type {NodeJS.ErrnoException} */ (error)
  return (code === undefined ? error.message : [code, syscall].filter(Boolean).join(' ')).slice(0, MESSAGE_LIMIT)
}

/** @param {string} file @param {string} text */
function leave(file, text) {
  try {
    fs.writeFileSync(file, text)
  } catch (error) {
    log('warning', 'the termination message cannot be written', { reason: reasonOf(error) })
  }
}
