/**
 * The packages that the project's own modules and stylesheets import, with their importers. Filled while Vite resolves,
 * so it is what pages really load; a manifest entry that nothing imports is not here.
 */
import fs from 'node:fs'
import path from 'node:path'
import { packageOf } from './names.js'
import { stylesheetImports } from './stylesheets.js'

const STYLESHEET = /\.(css|scss|sass|less|styl|stylus|pcss|postcss)(\?|$)/

export class Imports {
  /** @param {string} treeDir absolute @param {string} root absolute Vite root @param {import('./inside.js').Inside} inside */
  constructor(treeDir, root, inside) {
    this.treeDir = treeDir
    this.root = root
    this.inside = inside
    /** @type {Map<string, Set<string>>} tree path -> packages */
    this.byFile = new Map()
  }

  /** @param {Iterable<string>} treePaths files that are gone */
  forget(treePaths) {
    for (const file of treePaths) this.byFile.delete(file)
  }

  /** Of a config, which Vite does not resolve. @param {string} treePath @param {string} specifier */
  note(treePath, specifier) {
    const name = packageOf(specifier)
    if (name !== null) this.#of(treePath).add(name)
  }

  /** @returns {Map<string, string>} package -> tree path of the first file that imports it */
  get packages() {
    /** @type {Map<string, string>} */
    const found = new Map()
    for (const [file, names] of [...this.byFile].sort(([a], [b]) => (a < b ? -1 : 1))) {
      for (const name of names) if (!found.has(name)) found.set(name, file)
    }
    return found
  }

  /** @returns {import('vite').Plugin} */
  plugin() {
    const record = this
    return {
      name: 'kontext-preview:imports',
      enforce: 'pre',
      // Aliases are applied by now; what other plugins and Vite make of the rest decides whether it is a package.
      async resolveId(id, importer, options) {
        if (importer === undefined || options.ssr) return null
        const file = record.#treePath(importer)
        const name = file === null ? null : packageOf(id)
        if (name === null && !record.inside.has(importer)) return null
        const found = await this.resolve(id, importer, { ...options, skipSelf: true })
        if (file !== null && name !== null && (found === null ? !record.#isLocal(name) : record.#isForeign(found.id))) record.#of(file).add(name)
        return found === null ? null : { ...found, id: record.inside.rename(found.id) }
      },
      // A module that is compiled again names its imports again.
      transform(code, id) {
        const file = record.#treePath(id)
        if (file === null || /[?&](raw|url)\b/.test(id)) return
        record.byFile.delete(file)
        if (!STYLESHEET.test(id)) return
        const folder = path.dirname(path.join(record.treeDir, file))
        for (const specifier of stylesheetImports(code)) {
          // In CSS a bare name is a file beside the stylesheet first.
          if (!fs.existsSync(path.join(folder, specifier))) record.note(file, specifier)
        }
      },
    }
  }

  /** @param {string} file */
  #of(file) {
    const names = this.byFile.get(file) ?? new Set()
    this.byFile.set(file, names)
    return names
  }

  /** @param {string} id @returns {string|null} null for what is not the project's */
  #treePath(id) {
    const file = id.replace(/[?#].*$/, '')
    return file.startsWith(this.treeDir + '/') && !file.includes('/node_modules/') && !file.includes('/.kontext-preview/')
      ? file.slice(this.treeDir.length + 1) : null
  }

  /** @param {string} id what an import resolved to */
  #isForeign(id) {
    return path.isAbsolute(id) && this.#treePath(id) === null
  }

  /** `components/Button` without an alias that fits is a mistake of the project, and no package. @param {string} name */
  #isLocal(name) {
    const first = name.split('/')[0] ?? name
    return [this.root, path.join(this.root, 'src')].some((dir) => fs.existsSync(path.join(dir, first)))
  }
}
