/**
 * JSON lines on stderr. Callers pass facts about the process, never file content, session ids or user text:
 * whatever is written here lands in the platform's logs.
 */

/** @param {'info'|'warning'|'error'} level @param {string} event @param {Record<string, unknown>} [facts] */
export function log(level, event, facts = {}) {
  process.stderr.write(JSON.stringify({ ts: new Date().toISOString(), level, event, ...facts }) + '\n')
}
