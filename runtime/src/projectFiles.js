/** The session's tree as its configs see it: files below `/project`, nothing else. Remembers what was asked for. */
import fs from 'node:fs'
import path from 'node:path'
import { loadEnv } from 'vite'
import { isInside, PROJECT } from './staticModules.js'
import { SOURCE_LIMIT } from './syntax.js'

/** What reading says of a name that is no file. */
const NO_FILE = new Set(['ENOENT', 'EISDIR', 'ENOTDIR', 'ENAMETOOLONG', 'ERR_INVALID_ARG_VALUE'])

export class ProjectFiles {
  /** @param {string} treeDir absolute folder of the session's files */
  constructor(treeDir) {
    this.treeDir = treeDir
    /** @type {Set<string>} tree paths that were asked for, there or not */
    this.asked = new Set()
  }

  /** @param {string} file below `PROJECT` @returns {string|null} absolute path on this machine; null outside the project */
  real(file) {
    const normal = path.posix.normalize(file)
    if (!isInside(normal) || normal.includes('\0') || normal.split('/').includes('node_modules')) return null
    return path.join(this.treeDir, normal.slice(PROJECT.length))
  }

  /** @param {string} file below `PROJECT` */
  treePath(file) {
    return path.posix.normalize(file).slice(PROJECT.length + 1)
  }

  /** @param {string} file below `PROJECT` @returns {string|null} null: there is none */
  text(file) {
    const real = this.real(file)
    if (real === null) return null
    this.asked.add(this.treePath(file))
    try {
      // One character more than a reader takes, so that it says so; a config's 64 MB are not read for that.
      return fs.statSync(real).size > 4 * SOURCE_LIMIT ? ' '.repeat(SOURCE_LIMIT + 1) : fs.readFileSync(real, 'utf8')
    } catch (error) {
      if (NO_FILE.has(/** @type {NodeJS.ErrnoException} */ (error).code ?? '')) return null
      throw error
    }
  }

  /**
   * All values of the `.env` files of a folder, as Vite reads them, but for what `${NAME}` takes from this process.
   * @param {string} dir below `PROJECT` @returns {Record<string, string>}
   */
  env(dir) {
    const real = this.real(dir)
    if (real === null) return {}
    const own = process.env
    // Vite mixes this process's environment into the result, and writes into it. Nothing runs in between: it is synchronous.
    process.env = {}
    try {
      const { VITE_USER_NODE_ENV: _, ...values } = loadEnv('development', real, '')
      return values
    } finally {
      process.env = own
    }
  }
}
