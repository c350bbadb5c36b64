/** Takes plain data out of what a config comes to, and says what it had to leave. */
import { isRecord, PARTIAL } from './staticKinds.js'

/** @typedef {import('./diagnostics.js').Warning} Warning */

const KEY_LIMIT = 80
/** Of a glob or a name: picomatch throws at 64 KB. */
const TEXT_LIMIT = 1000
/** Pieces of data that are taken over; a list may hold itself many times over. */
const PIECES = 5000
const DATA_DEPTH = 20

export class Picker {
  /** @param {(file: string) => string} treePath of a file below `PROJECT` */
  constructor(treePath) {
    this.treePath = treePath
    /** @type {Warning[]} */
    this.warnings = []
    /** The file that is being read, below `PROJECT`. */
    this.file = ''
    this.pieces = 0
  }

  /** @param {any} value @param {string} key @returns {any} an object; null where there is none that can be read */
  record(value, key) {
    if (value === undefined || value === null) return null
    if (!isRecord(value)) return this.unread(key)
    if (PARTIAL in value) this.ignore(key, 'has a part that cannot be read without running the file')
    return value
  }

  /** @param {any} given @param {string} at @param {Record<string, (value: any) => boolean>} keys @returns {Record<string, any>} */
  chosen(given, at, keys) {
    /** @type {Record<string, any>} */
    const chosen = {}
    for (const [key, fits] of Object.entries(keys)) {
      if (given[key] === undefined) continue
      if (fits(given[key])) chosen[key] = this.data(given[key], `${at}.${key}`)
      else this.unread(`${at}.${key}`)
    }
    return chosen
  }

  /** Globs and patterns. @param {any} given @param {string} key @returns {(string|RegExp)[]|undefined} */
  matchers(given, key) {
    if (given === undefined || given === null) return undefined
    const list = [given].flat()
    if (list.every((one) => one instanceof RegExp || isText(one))) return list
    return this.unread(key) ?? undefined
  }

  /** Plain data. @param {any} value @param {string} key @param {number} [depth] @returns {any} undefined for what is none */
  data(value, key, depth = 0) {
    if (value === null || ['string', 'number', 'boolean', 'undefined'].includes(typeof value)) return value
    this.pieces += 1
    if (depth > DATA_DEPTH || this.pieces > PIECES || !(isRecord(value) || Array.isArray(value))) return this.unread(key) ?? undefined
    if (Array.isArray(value)) return value.map((inner, i) => this.data(inner, `${key}[${i}]`, depth + 1))
    if (PARTIAL in value) this.ignore(key, 'has a part that cannot be read without running the file')
    const names = Object.keys(value).filter((name) => name !== '__proto__')
    return Object.fromEntries(names.map((name) => [name, this.data(value[name], `${key}.${name}`, depth + 1)]))
  }

  /** @param {string} key @returns {null} */
  unread(key) {
    this.ignore(key, 'cannot be read without running the file: left out')
    return null
  }

  /** @param {string} key @param {string} why */
  ignore(key, why) {
    this.warn(this.file, `${shown(key)} ${why}`)
  }

  /** @param {string} file below `PROJECT` @param {string} message */
  warn(file, message) {
    this.warnings.push({ code: 'CONFIG_IGNORED', path: this.treePath(file), message })
  }
}

/** @param {any} value */
export const isText = (value) => typeof value === 'string' && value.length <= TEXT_LIMIT

/** A key of the user's as a message may show it. @param {string} key */
export function shown(key) {
  const clean = key.replace(/[^\p{L}\p{N}\p{P}\p{S} ]/gu, '?')
  return clean.length > KEY_LIMIT ? `${clean.slice(0, KEY_LIMIT)}…` : clean
}
