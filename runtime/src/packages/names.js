/** Which package an import is of. Pure. */
import { isBuiltin } from 'node:module'

/** npm's own limit. */
const LONGEST = 214

/** npm's rules for new names: lower case, safe in an address, nothing but a letter or a digit in front. */
const NAME = /^(@[a-z0-9][a-z0-9._~-]*\/)?[a-z0-9][a-z0-9._~-]*$/
const FORBIDDEN = new Set(['node_modules', 'favicon.ico'])

/** @param {string} name */
export function isPackageName(name) {
  return name.length <= LONGEST && NAME.test(name) && !FORBIDDEN.has(name)
}

/**
 * @param {string} specifier as it stands in an import
 * @returns {string|null} null: a path, an address, a virtual module, an alias such as `@/x`, or a module of Node
 */
export function packageOf(specifier) {
  const id = specifier.replace(/[?#].*$/, '')
  if (isBuiltin(id) || id.includes(':') || id.includes('\\')) return null
  const name = id.split('/').slice(0, id.startsWith('@') ? 2 : 1).join('/')
  return isPackageName(name) && !isBuiltin(name) ? name : null
}
