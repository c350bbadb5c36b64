/**
 * JSON lines on stderr. Callers pass facts about the process, never file content, session ids or user text:
 * whatever is written here lands in the platform's logs.
 */

const write = process.stderr.write.bind(process.stderr)

/** @param {'info'|'warning'|'error'} level @param {string} event @param {Record<string, unknown>} [facts] */
export function log(level, event, facts = {}) {
  write(JSON.stringify({ ts: new Date().toISOString(), level, event, ...facts }) + '\n')
}

/** From now on nothing but `log` writes: what session code and its tools print quotes the project. */
export function mute() {
  process.stdout.write = process.stderr.write = swallow
}

/** @param {unknown[]} args of a stream's `write` @returns {true} */
function swallow(...args) {
  const done = args.at(-1)
  if (typeof done === 'function') process.nextTick(done)
  return true
}
