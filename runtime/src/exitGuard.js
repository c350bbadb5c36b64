/**
 * Session code (a config, a plugin) shares the process. What would end it becomes an error of whoever asked for it, so
 * that the author reads it where every other mistake of a config is told.
 *
 * This catches mistakes, and is no boundary: code that means to end the process finds a way. Then `crashNote.js` holds.
 */
import { syncBuiltinESMExports } from 'node:module'

/** Signal 0 only asks whether a process is there. */
const ASKS = 0

/**
 * From now on nothing but the returned function ends the process. It runs no `exit` listeners: they may be the session's.
 * @param {NodeJS.Process} target
 * @returns {(status: number) => void}
 */
export function guardExit(target = process) {
  const internals = /** @type {any} */ (target)
  const { reallyExit, kill } = internals
  /** @param {string} name */
  const refuse = (name) => () => { throw new Error(`${name} was called: a preview goes on for as long as its session`) }
  for (const name of ['exit', 'reallyExit', 'abort']) internals[name] = refuse(`process.${name}`)
  internals.kill = (/** @type {any} */ pid, /** @type {any} */ signal) => {
    if (signal !== ASKS && isOurs(target, Number(pid))) refuse('process.kill')()
    return kill.call(target, pid, signal)
  }
  // `import { exit } from 'node:process'` holds a copy.
  syncBuiltinESMExports()
  return (status) => reallyExit.call(target, status)
}

/** Itself, whoever watches over it, or a whole group of processes. @param {NodeJS.Process} target @param {number} pid */
function isOurs(target, pid) {
  return pid <= 1 || pid === target.pid || pid === target.ppid
}
