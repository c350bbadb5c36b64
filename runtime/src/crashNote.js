/**
 * What a process leaves for its successor, in case that it ends without a word: which files of session code it runs.
 *
 * A config that ends the process (an endless loop, too much memory, a way around `exitGuard.js`) would end the next one
 * just so, and the preview would never come back. A process that finds the note does not run the same files again, and
 * says so; once one of them changes they are tried again.
 */
import crypto from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { log } from './log.js'

/** @typedef {Record<string, string>} Files   paths below the session's folder, and the SHA-256 of their contents */
/** @typedef {{files: Files, why: string, sure: boolean}} Blocked   `sure`: it was caught in the act */
/**
 * @typedef {object} Note
 * @property {Files} loading   the config that is being evaluated, with what it imports
 * @property {Files} inUse     all configs that were loaded
 * @property {boolean} atWork  a batch is being compiled
 * @property {Blocked[]} blocked
 * @property {{files: Files, at: number}|null} strike   died with these in use, but with nothing to do; epoch milliseconds
 */

/** In the session's folder, above the tree: no file of a project reaches it, and `prepare` leaves it. */
export const NOTE = '.crash-note.json'

/** Session code can write here too: a note of ours is well below, and reading a larger one is no good start. */
const SIZE_LIMIT = 64 * 1024

/** More than anybody tries one after the other; the oldest is forgotten. */
const BLOCKED_LIMIT = 8

/**
 * A process that dies while it has nothing to do may have been killed from outside, or by a timer of a config. The
 * second death with the same configs within this time is the config's: outside, processes are not killed so often.
 */
const STRIKE_MS = 600_000

export const UNKNOWN_CAUSE = 'endless loop, process.exit, too much memory or too many processes'

/** @returns {Note} */
export const emptyNote = () => ({ loading: {}, inUse: {}, atWork: false, blocked: [], strike: null })

/** @param {Files} files */
const any = (files) => Object.keys(files).length > 0

/**
 * What a process that finds `note` goes by: pure.
 *
 * Died while a config was evaluated: that one. Died while a batch compiled: all that were in use. Died so without any
 * in use: what was blocked on such evidence alone was not it.
 * @param {Note} note @param {number} now epoch milliseconds
 * @param {string|null} cause what the process was ended for, where somebody knows @returns {Note}
 */
export function judge(note, now, cause) {
  const fresh = { ...emptyNote(), blocked: note.blocked, strike: note.strike }
  if (any(note.loading)) return block(fresh, note.loading, cause ?? UNKNOWN_CAUSE, true)
  if (!any(note.inUse)) return { ...fresh, blocked: note.atWork ? note.blocked.filter((entry) => entry.sure) : note.blocked }
  const again = note.strike !== null && now - note.strike.at < STRIKE_MS && sameFiles(note.strike.files, note.inUse)
  if (note.atWork || again || cause !== null) return block(fresh, note.inUse, cause ?? UNKNOWN_CAUSE, again)
  return { ...fresh, strike: { files: note.inUse, at: now } }
}

/** @param {Note} note @param {Files} files @param {string} why @param {boolean} sure @returns {Note} */
function block(note, files, why, sure) {
  return { ...note, strike: null, blocked: [...note.blocked, { files, why, sure }].slice(-BLOCKED_LIMIT) }
}

/**
 * The note of a process that was caught in an endless loop: pure. Session code is what it runs most of the time, and
 * what can be left out; without any there is nobody to blame.
 * @param {Note} note @returns {Note}
 */
export function caught(note) {
  const files = any(note.loading) ? note.loading : note.inUse
  const rest = { ...emptyNote(), blocked: note.blocked }
  return any(files) ? block(rest, files, 'it hung, as in an endless loop', true) : { ...rest, atWork: note.atWork }
}

/** @param {Files} a @param {Files} b */
function sameFiles(a, b) {
  return Object.keys(a).length === Object.keys(b).length && Object.entries(a).every(([name, hash]) => b[name] === hash)
}

/** @param {string} file @returns {Note} empty when there is none, or none of ours */
export function readNote(file) {
  try {
    const stat = fs.lstatSync(file)
    if (!stat.isFile() || stat.size > SIZE_LIMIT) return emptyNote()
    const found = JSON.parse(fs.readFileSync(file, 'utf8'))
    return isNote(found) ? found : emptyNote()
  } catch (error) {
    if (error instanceof SyntaxError || /** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT') return emptyNote()
    throw error
  }
}

/** @param {any} found @returns {found is Note} */
function isNote(found) {
  return isFiles(found?.loading) && isFiles(found.inUse) && typeof found.atWork === 'boolean'
    && Array.isArray(found.blocked) && found.blocked.every((/** @type {any} */ entry) => isFiles(entry?.files) && typeof entry.why === 'string')
    && (found.strike === null || (isFiles(found.strike?.files) && typeof found.strike.at === 'number'))
}

/** @param {any} found */
function isFiles(found) {
  return found instanceof Object && Object.values(found).every((hash) => typeof hash === 'string')
}

/** A folder that is full, or that session code has spoilt, is no reason to fail a batch. @param {string} file @param {Note} note */
export function writeNote(file, note) {
  try {
    if (!any(note.loading) && !any(note.inUse) && !note.atWork && note.blocked.length === 0 && note.strike === null) fs.rmSync(file, { force: true })
    else fs.writeFileSync(file, JSON.stringify(note))
  } catch (error) {
    log('warning', 'the crash note cannot be written', { code: /** @type {NodeJS.ErrnoException} */ (error).code })
  }
}

export class CrashNote {
  /**
   * Reads what the last process left.
   * @param {string} sessionDir @param {number} now epoch milliseconds @param {string|null} cause see `judge`
   * @param {() => boolean} isHung whether the watchdog has broken a loop, and written down whose
   */
  constructor(sessionDir, now, cause, isHung) {
    this.sessionDir = sessionDir
    this.isHung = isHung
    this.closed = false
    this.file = path.join(sessionDir, NOTE)
    this.note = judge(readNote(this.file), now, cause)
    if (this.note.blocked.length > 0) log('warning', 'session code is left out, it ended the process before', { configs: this.note.blocked.length })
  }

  /** To be called once the folder is laid out. */
  keep() {
    writeNote(this.file, this.note)
  }

  /** @param {string} file absolute @returns {string|null} why this config must not run, as it and what it imports are now */
  blocks(file) {
    const name = path.relative(this.sessionDir, file)
    const entry = this.note.blocked.find(({ files }) => name in files && Object.entries(files).every(([other, hash]) => this.#hash(other) === hash))
    return entry?.why ?? null
  }

  /** @param {string[]} inputs absolute: a config and what it imports, which are evaluated now */
  evaluates(inputs) {
    /** @type {Files} */
    const loading = {}
    for (const input of inputs) {
      const hash = this.#hash(path.relative(this.sessionDir, input))
      if (hash !== null) loading[path.relative(this.sessionDir, input)] = hash
    }
    this.#set({ loading, inUse: { ...this.note.inUse, ...loading } })
  }

  /** The configs are read anew: what was in use is what the files say from now on. */
  starts() {
    this.#set({ loading: {}, inUse: {} })
  }

  /** They are loaded. */
  loaded() {
    this.#set({ loading: {} })
  }

  /** @template T @param {() => Promise<T>} work @returns {Promise<T>} */
  async during(work) {
    this.#set({ atWork: true })
    try {
      return await work()
    } finally {
      this.#set({ atWork: false })
    }
  }

  /** The process ends in good order: nobody is to blame. What still runs until then writes nothing any more. */
  rest() {
    this.#close({ ...emptyNote(), blocked: this.note.blocked })
  }

  /** The watchdog broke a loop. Its thread has written so, and what unwinds since has written nothing. */
  hung() {
    this.#close(caught(this.note))
  }

  /** @param {Note} last */
  #close(last) {
    if (this.closed) return
    this.note = last
    this.keep()
    this.closed = true
  }

  /** @param {Partial<Note>} part */
  #set(part) {
    // Between a loop that was broken and the end, session code may be called once more, and Node may end it there.
    if (this.closed || this.isHung()) return
    this.note = { ...this.note, ...part }
    this.keep()
  }

  /** @param {string} name below the session's folder */
  #hash(name) {
    const file = path.join(this.sessionDir, name)
    return fs.existsSync(file) ? crypto.createHash('sha256').update(fs.readFileSync(file)).digest('hex') : null
  }
}
