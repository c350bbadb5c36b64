/** What a process has started, and what that has: from /proc. Without one (macOS): nothing. */
import fs from 'node:fs'

/** @param {number} pid @returns {number[]} */
export function descendants(pid, proc = '/proc') {
  /** @type {Map<number, number[]>} */
  const children = new Map()
  for (const name of fs.existsSync(proc) ? fs.readdirSync(proc) : []) {
    const parent = parentOf(`${proc}/${name}/stat`)
    if (parent !== null) children.set(parent, [...children.get(parent) ?? [], Number(name)])
  }
  /** @type {number[]} */
  const found = []
  for (let front = [pid]; front.length > 0;) {
    front = front.flatMap((parent) => children.get(parent) ?? []).filter((child) => !found.includes(child))
    found.push(...front)
  }
  return found
}

/** @param {string} stat @returns {number|null} null for what is no process, or no longer */
function parentOf(stat) {
  const fields = statFields(stat)
  return fields === null ? null : Number(fields[1])
}

/** @param {string} stat file of a process or of a thread @returns {string[]|null} fields 3 and up; null when it cannot be read */
export function statFields(stat) {
  try {
    // The second field is the name in parentheses and may contain anything.
    const text = fs.readFileSync(stat, 'utf8')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')
  } catch (error) {
    if (error instanceof Error && 'code' in error) return null
    throw error
  }
}
