/**
 * The packages that a session has beyond the catalogue.
 *
 *     <session>/packages/{package.json, node_modules/}   pnpm's
 *     <session>/packages/visible/<name>                  links into it
 *     <session>/packages/seen-<n>                        links to `visible`, see `lookAgain`
 *     <session>/files/node_modules                       a link to `visible`
 *
 * Node and Vite look in the folders above a file, so what is here comes before the catalogue's. `visible` is not pnpm's
 * own folder: Vite takes a lock file that it finds there for the reason to pre-bundle the whole catalogue once more.
 */
import fs from 'node:fs'
import Module from 'node:module'
import path from 'node:path'
import { filesDir } from '../sessionFolder.js'

export class PackageFolder {
  /** @param {string} sessionDir @param {string} catalogueDir */
  constructor(sessionDir, catalogueDir) {
    this.dir = path.join(sessionDir, 'packages')
    this.modules = path.join(this.dir, 'node_modules')
    this.visible = path.join(this.dir, 'visible')
    this.link = path.join(filesDir(sessionDir), 'node_modules')
    this.catalogueModules = path.join(catalogueDir, 'node_modules')
    /** @type {Map<string, string|null>} the catalogue does not change while the process runs */
    this.known = new Map()
    /** @type {Map<string, string>} name -> what pnpm was asked for */
    this.installed = new Map()
    this.shown = 0
  }

  /** @param {string} name @returns {string|null} the version that the catalogue has */
  catalogued(name) {
    let version = this.known.get(name)
    if (version === undefined) {
      version = versionIn(this.catalogueModules, name)
      this.known.set(name, version)
    }
    return version
  }

  /** @param {string} name @returns {string|null} the version that an import finds */
  version(name) {
    return this.installed.has(name) ? versionIn(this.visible, name) : this.catalogued(name)
  }

  /** Packages of the catalogue that are there in another version. */
  get replaced() {
    return [...this.installed.keys()].filter((name) => this.catalogued(name) !== null)
  }

  /** @param {ReadonlyMap<string, string>} wanted all of them: pnpm removes what is not listed */
  write(wanted) {
    fs.mkdirSync(this.dir, { recursive: true })
    const manifest = { name: 'session', version: '0.0.0', private: true, dependencies: Object.fromEntries(wanted) }
    fs.writeFileSync(path.join(this.dir, 'package.json'), JSON.stringify(manifest, null, 2))
  }

  /** @param {ReadonlyMap<string, string>} installed what pnpm has installed: from now on imports find it */
  show(installed) {
    for (const name of installed.keys()) {
      const link = path.join(this.visible, name)
      const target = path.join(this.modules, name)
      if (fs.lstatSync(link, { throwIfNoEntry: false }) !== undefined) continue
      fs.mkdirSync(path.dirname(link), { recursive: true })
      fs.symlinkSync(path.relative(path.dirname(link), target), link)
    }
    this.installed = new Map(installed)
    if (installed.size === 0) return
    if (fs.lstatSync(this.link, { throwIfNoEntry: false }) === undefined) {
      fs.symlinkSync(path.relative(path.dirname(this.link), this.visible), this.link)
    }
    this.#lookAgain()
  }

  /**
   * Node remembers for ever that a package.json was not there when a config was read before its package came, and then
   * finds no `main`. Under a new name of the folder it looks again.
   */
  #lookAgain() {
    const seen = path.join(this.dir, `seen-${this.shown += 1}`)
    fs.symlinkSync(path.basename(this.visible), seen)
    process.env.NODE_PATH = seen
    const internals = /** @type {any} */ (Module)
    internals._initPaths()
  }
}

/** @param {string} modules a folder of packages @param {string} name @returns {string|null} */
function versionIn(modules, name) {
  try {
    const { version } = JSON.parse(fs.readFileSync(path.join(modules, name, 'package.json'), 'utf8'))
    return typeof version === 'string' ? version : null
  } catch (error) {
    const code = /** @type {NodeJS.ErrnoException} */ (error).code
    if (code === 'ENOENT' || code === 'ENOTDIR' || error instanceof SyntaxError) return null
    throw error
  }
}
