/** The dependencies that a package.json asks for, however incomplete it is. */
import fs from 'node:fs'
import path from 'node:path'
import { isPackageName } from './names.js'

/** The later wins: what a package needs to run is more than what it needs to be built. */
const FIELDS = ['optionalDependencies', 'peerDependencies', 'devDependencies', 'dependencies']

/**
 * Pure.
 * @param {string|null} text of a package.json, null: there is none
 * @returns {Map<string, string>} name -> range as written; empty for what is no JSON object
 */
export function dependenciesOf(text) {
  /** @type {Map<string, string>} */
  const found = new Map()
  const manifest = parse(text)
  for (const field of FIELDS) {
    const entries = manifest[field]
    if (entries === null || typeof entries !== 'object' || Array.isArray(entries)) continue
    for (const [name, range] of Object.entries(entries)) {
      if (isPackageName(name) && typeof range === 'string') found.set(name, range)
    }
  }
  return found
}

/** @param {string|null} text @returns {Record<string, unknown>} */
function parse(text) {
  if (text === null) return {}
  try {
    const value = JSON.parse(text)
    return value !== null && typeof value === 'object' && !Array.isArray(value) ? value : {}
  } catch (error) {
    // Half-written is usual, and another message says so.
    if (!(error instanceof SyntaxError)) throw error
    return {}
  }
}

/**
 * The nearest package.json: the Vite root's, or one above it within the tree.
 * @param {string} treeDir absolute @param {string} root absolute, `treeDir` or below @returns {string|null} its text
 */
export function manifestText(treeDir, root) {
  for (let dir = root; dir.startsWith(treeDir); dir = path.dirname(dir)) {
    const file = path.join(dir, 'package.json')
    if (fs.statSync(file, { throwIfNoEntry: false })?.isFile()) return fs.readFileSync(file, 'utf8')
  }
  return null
}
