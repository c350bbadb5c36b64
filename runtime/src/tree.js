/**
 * The session's files on disk and what is known about them. Paths arrive already mapped by the control plane;
 * they are checked again here, because a file outside the folder would be written with this process's rights.
 */
import crypto from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { isErasable } from './erasure.js'
import { STYLESHEET } from './hmrPass.js'

/** @typedef {{path: string, content: string, encoding: 'utf-8'|'base64'}} FileContent */
/**
 * @typedef {object} Change   names of files
 * @property {string[]} added
 * @property {string[]} changed
 * @property {string[]} removed
 * @property {Map<string, string>} [before]   texts that changed modules had
 */

export class UnsafePath extends Error {}

/** @param {Buffer} content */
const sha256 = (content) => crypto.createHash('sha256').update(content).digest('hex')

/** @param {FileContent} file */
const bytes = (file) => Buffer.from(file.content, file.encoding === 'base64' ? 'base64' : 'utf8')

/**
 * SHA-256 over `path NUL sha256hex LF`, paths sorted by their UTF-8 bytes: the same as core's `FileTree.digest`.
 * @param {Iterable<[string, string]>} entries path and content hash
 */
export function treeDigest(entries) {
  const digest = crypto.createHash('sha256')
  const sorted = [...entries].map(([name, sha]) => /** @type {const} */ ([Buffer.from(name), sha]))
  sorted.sort((a, b) => Buffer.compare(a[0], b[0]))
  for (const [name, sha] of sorted) digest.update(name).update('\0').update(sha).update('\n')
  return digest.digest('hex')
}

export class Tree {
  /** @param {string} dir absolute folder that holds the files */
  constructor(dir) {
    this.dir = dir
    /** @type {Map<string, string>} tree path -> sha256 */
    this.hashes = new Map()
  }

  get digest() {
    return treeDigest(this.hashes)
  }

  /** @param {string} name @returns {string} absolute path @throws {UnsafePath} */
  resolve(name) {
    const unsafe = name.includes('\0') || name.includes('\\') || path.posix.isAbsolute(name)
      || path.posix.normalize(name) !== name || name.split('/').some((s) => s === '' || s === '..' || s === '.' || s === 'node_modules')
    if (unsafe) throw new UnsafePath('a path leaves the tree or is not normal')
    return path.join(this.dir, name)
  }

  /**
   * What a batch would make of the tree, without touching it.
   * @param {FileContent[]} put @param {string[]} remove
   * @returns {{hashes: Map<string, string>, contents: Map<string, Buffer>, change: Change}}
   */
  plan(put, remove) {
    const hashes = new Map(this.hashes)
    /** @type {Map<string, Buffer>} */
    const contents = new Map()
    for (const name of remove) hashes.delete(name)
    for (const file of put) {
      this.resolve(file.path)
      const content = bytes(file)
      contents.set(file.path, content)
      hashes.set(file.path, sha256(content))
    }
    return { hashes, contents, change: compare(this.hashes, hashes) }
  }

  /**
   * Writes a planned batch. Synchronous on purpose: no request of this process is served between two of its files.
   * @param {{hashes: Map<string, string>, contents: Map<string, Buffer>, change: Change}} plan
   * @returns {Change} with what was there before
   */
  write({ hashes, contents, change }) {
    const before = new Map(change.changed.filter(isErasable).map((name) => [name, fs.readFileSync(this.resolve(name), 'utf8')]))
    for (const name of change.removed) this.#remove(name)
    for (const name of [...change.added, ...change.changed]) {
      const file = this.resolve(name)
      fs.mkdirSync(path.dirname(file), { recursive: true })
      const content = /** @type {Buffer} */ (contents.get(name))
      if (STYLESHEET.test(name)) writeKeepingTime(file, content)
      else fs.writeFileSync(file, content)
    }
    this.hashes = hashes
    return { ...change, before }
  }

  /** Removes the file and the folders that it leaves empty. @param {string} name */
  #remove(name) {
    const file = this.resolve(name)
    fs.rmSync(file, { force: true })
    for (let dir = path.dirname(file); dir !== this.dir && dir.startsWith(this.dir); dir = path.dirname(dir)) {
      if (!fs.existsSync(dir)) continue
      if (fs.readdirSync(dir).length > 0) break
      fs.rmdirSync(dir)
    }
  }
}

/**
 * Nobody watches the files, and Tailwind starts anew for a stylesheet with a new time: what changed in it, it finds in
 * the text (see `plainRules`).
 * @param {string} file @param {Buffer} content
 */
function writeKeepingTime(file, content) {
  const before = fs.statSync(file, { throwIfNoEntry: false })
  fs.writeFileSync(file, content)
  if (before) fs.utimesSync(file, before.atime, before.mtime)
}

/** @param {Map<string, string>} before @param {Map<string, string>} after @returns {Change} */
function compare(before, after) {
  const names = [...after.keys()].sort()
  return {
    added: names.filter((n) => !before.has(n)),
    changed: names.filter((n) => before.has(n) && before.get(n) !== after.get(n)),
    removed: [...before.keys()].filter((n) => !after.has(n)).sort(),
  }
}
