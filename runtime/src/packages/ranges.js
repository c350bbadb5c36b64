/** What a manifest may ask for, and whether a version will do. Pure. */
import semver from 'semver'
import { isPackageName } from './names.js'

/** @typedef {{kind: 'range'|'tag'|'alias', text: string} | {kind: 'refused', text: string}} Range   `text`: what pnpm gets */

const TAG = /^[a-z][a-z0-9._-]*$/i
const ALIAS = /^npm:((?:@[^/@]+\/)?[^/@]+)(?:@(.*))?$/
/** Of a monorepo that is not here: the registry's newest is the best guess. */
const WORKSPACE = /^workspace:(.*)$/

/**
 * @param {string} text a value of `dependencies`
 * @returns {Range} refused: a folder, a link, a repository or an address, which a preview does not fetch from
 */
export function readRange(text) {
  const trimmed = text.trim()
  const workspace = WORKSPACE.exec(trimmed)
  if (workspace) return workspaceRange(workspace[1] ?? '')
  const alias = ALIAS.exec(trimmed)
  if (alias) return aliasRange(alias[1] ?? '', alias[2] ?? 'latest')
  if (semver.validRange(trimmed) !== null) return { kind: 'range', text: trimmed || '*' }
  return TAG.test(trimmed) ? { kind: 'tag', text: trimmed } : { kind: 'refused', text: trimmed }
}

/** @param {string} inner @returns {Range} */
function workspaceRange(inner) {
  const range = semver.validRange(inner) !== null && /\d/.test(inner)
  return range ? { kind: 'range', text: inner } : { kind: 'tag', text: 'latest' }
}

/** @param {string} name @param {string} inner @returns {Range} */
function aliasRange(name, inner) {
  const range = semver.validRange(inner) !== null || TAG.test(inner)
  return isPackageName(name) && range ? { kind: 'alias', text: `npm:${name}@${inner}` } : { kind: 'refused', text: `npm:${name}@${inner}` }
}

/** @param {string} version @param {string} range */
export function satisfies(version, range) {
  return semver.satisfies(version, range, { includePrerelease: true })
}

/**
 * Whether a range asks for the major of a version. 0.x counts as one major: between minor versions of a young package
 * more stays than goes, and the catalogue's is there at once.
 * @param {string} range @param {string} version
 */
export function sameMajor(range, version) {
  const major = semver.major(version)
  return semver.intersects(range, `>=${major}.0.0-0 <${major + 1}.0.0-0`, { includePrerelease: true })
}
