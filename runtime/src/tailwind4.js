/**
 * Tailwind 4: its core and its scanner are packages of the runtime, beside the catalogue's Tailwind 3, and loaded when
 * the first stylesheet is written for it. Not `@tailwindcss/vite` nor `@tailwindcss/node`: they load configs through
 * Node's module cache, which never forgets, and bring a second CSS compiler into every session's memory.
 *
 * It runs before Vite's own CSS pipeline and takes all imports of a stylesheet in, as `@tailwindcss/vite` does; the
 * project's PostCSS plugins get what comes out.
 */
import fs from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { loadConfig } from './projectConfig.js'
import { dialectOf, majorOf } from './tailwindDialect.js'
import { scanSources } from './tailwindSources.js'

/** @typedef {import('./tailwindDialect.js').Major} Major */
/** @typedef {(id: string, base: string) => Promise<string|undefined>} Resolve a stylesheet's id from a folder to a file */
/** @typedef {Awaited<ReturnType<typeof import('tailwindcss').compile>>} Compiler */
/**
 * @typedef {object} Sheet one compiled stylesheet
 * @property {string} css that it was compiled from
 * @property {Map<string, string>} inputs files of the project that it took in, with their content
 * @property {Compiler} compiler keeps every class that it was ever told
 * @property {import('@tailwindcss/oxide').Scanner} scanner answers only what it has not answered before
 * @property {Map<string, string>} missing packages that it or its config names and nobody installed -> the file that does
 * @property {string} output
 */

const own = createRequire(import.meta.url)
const packageDir = path.dirname(own.resolve('tailwindcss/package.json'))
/** What Vite's Tailwind plugin leaves alone: not the stylesheet, but its text or its address. */
const NOT_STYLE = /[?&](raw|url|worker)\b/
const STYLE = /\.(css|pcss|postcss)(\?|$)/

/** A config's `tailwindcss/plugin`, `/colors`, `/defaultTheme` are this major's. @param {string} id @returns {string} absolute */
const ownModule = (id) => own.resolve(id)

export class Tailwind4 {
  /** @param {string} root absolute Vite root @param {import('./crashNote.js').CrashNote} note */
  constructor(root, note) {
    this.root = root
    this.note = note
    /** @type {Map<string, Sheet>} */
    this.sheets = new Map()
    /** @type {Map<string, Major|null>} by stylesheet, as it was when it was compiled last */
    this.dialects = new Map()
  }

  /** @returns {Map<string, string>} packages that the styles do without -> the file that names them */
  get missing() {
    return new Map([...this.sheets.values()].flatMap((sheet) => [...sheet.missing]))
  }

  /** As if no stylesheet had been compiled yet. */
  forget() {
    this.sheets.clear()
    this.dialects.clear()
  }

  /** Whether Tailwind 3 has a part in a stylesheet. @param {string|undefined} file */
  isFor3(file) {
    const dialect = this.dialects.get(file ?? '')
    return dialect === undefined || dialect === 3 || (dialect === null && this.#major() === 3)
  }

  /**
   * @param {string} css @param {string} file absolute
   * @param {{resolve: Resolve, watch: (file: string) => void}} host `watch` is told every file that the result depends on
   * @returns {Promise<string|null>} null: the stylesheet is not for Tailwind 4
   * @throws Tailwind's own error
   */
  async compile(css, file, { resolve, watch }) {
    const dialect = dialectOf(css, this.#major(), this.#dialectIn(path.dirname(file)))
    this.dialects.set(file, dialect)
    const known = this.sheets.get(file)
    if (dialect !== 4) {
      this.sheets.delete(file)
      return null
    }
    if (known && known.css === css && isFresh(known)) {
      for (const input of known.inputs.keys()) watch(input)
      refresh(known)
      return known.output
    }
    this.sheets.delete(file)
    const sheet = await this.#compile(css, file, resolve, watch)
    this.sheets.set(file, sheet)
    return sheet.output
  }

  /**
   * Reads what changed in the files that hold class names. The stylesheets do not depend on these files for Vite, which
   * would compile them for every edit: this says which have something new.
   * @returns {string[]} absolute paths of the stylesheets that are other than when they were compiled
   */
  restyled() {
    for (const file of this.dialects.keys()) if (!fs.existsSync(file)) this.#forget(file)
    return [...this.sheets.keys()].filter((file) => this.#restyle(file))
  }

  /** Whether every stylesheet for Tailwind 4 is compiled: one that failed so far fails again, or is mended. */
  get settled() {
    return [...this.dialects].every(([file, dialect]) => dialect !== 4 || this.sheets.has(file))
  }

  /** @param {string} file absolute @returns {boolean} whether a stylesheet is made of it, as an import or a config */
  takesIn(file) {
    return [...this.sheets.values()].some((sheet) => sheet.inputs.has(file))
  }

  /** @param {string} file */
  #forget(file) {
    this.dialects.delete(file)
    this.sheets.delete(file)
  }

  /** @param {string} file */
  #restyle(file) {
    try {
      return refresh(/** @type {Sheet} */ (this.sheets.get(file)))
    } catch {
      // The stylesheet is compiled anew: what failed here fails there, and Vite tells it.
      this.sheets.delete(file)
      return true
    }
  }

  /** @param {string} css @param {string} file @param {Resolve} resolve @param {(file: string) => void} watch @returns {Promise<Sheet>} */
  async #compile(css, file, resolve, watch) {
    const { compile } = await import('tailwindcss')
    const { Scanner } = await import('@tailwindcss/oxide')
    /** @type {Map<string, string>} */
    const inputs = new Map()
    /** @type {Map<string, string>} */
    const missing = new Map()
    /** @param {string} input @returns {string} its text */
    const read = (input) => {
      const text = fs.readFileSync(input, 'utf8')
      if (!input.includes('/node_modules/') && !input.startsWith(packageDir)) {
        inputs.set(input, text)
        watch(input)
      }
      return text
    }
    const base = path.dirname(file)
    const compiler = await compile(css, {
      base,
      from: file,
      loadStylesheet: async (id, from) => {
        const found = ownStylesheet(id) ?? await resolve(id, from)
        if (found === undefined) throw new Error(`Can't resolve ${JSON.stringify(id)}, which a stylesheet imports`)
        const folder = path.dirname(found)
        return { path: found, base: folder, content: rebase(read(found), folder, base) }
      },
      loadModule: async (id, from, hint) => {
        const { module, own: moduleFile, files, without } = await this.#module(id, from, hint)
        for (const input of files) read(input)
        for (const name of without) missing.set(name, moduleFile ?? file)
        return { path: moduleFile ?? id, base: moduleFile ? path.dirname(moduleFile) : from, module }
      },
    })
    const scanner = new Scanner({ sources: scanSources(compiler, this.root) })
    return { css, inputs, missing, compiler, scanner, output: compiler.build(scanner.scan()) }
  }

  /**
   * @param {string} id @param {string} from folder @param {'plugin'|'config'} hint
   * @returns {Promise<{module: any, own: string|null, files: string[], without: string[]}>} `own`: its file, when it is one
   *   of the project; `files`: what it is made of; `without`: packages that are not installed
   */
  async #module(id, from, hint) {
    if (id.startsWith('.') || path.isAbsolute(id)) return this.#ownModule(path.resolve(from, id))
    // From inside node_modules, see `Project` of postcss.js.
    const load = createRequire(path.join(this.root, 'node_modules', 'x'))
    const exported = await required(load, id)
    if (exported === undefined) {
      if (hint === 'config') throw new Error(`the package ${JSON.stringify(id)}, which a stylesheet takes its config from, is not installed`)
      // The rest of the stylesheet is worth showing.
      return { module: () => {}, own: null, files: [], without: [id] }
    }
    return { module: exported.default ?? exported, own: null, files: [], without: [] }
  }

  /** @param {string} name absolute, with or without its ending */
  async #ownModule(name) {
    try {
      const { config, inputs, missing } = await loadConfig(name, { evaluates: (files) => this.#evaluates(files), tailwind: ownModule })
      const own = inputs.find((input) => input.startsWith(name)) ?? name
      return { module: config, own, files: inputs, without: missing }
    } finally {
      this.note.loaded()
    }
  }

  /** @param {string[]} files absolute @throws {Error} when they ended the process before */
  #evaluates(files) {
    const culprit = files.find((file) => this.note.blocks(file) !== null)
    if (culprit !== undefined) {
      throw new Error(`${path.basename(culprit)} ended the preview's process (${this.note.blocks(culprit)}): not used until a change of it`)
    }
    this.note.evaluates(files)
  }

  /** @returns {Major} */
  #major() {
    const manifest = path.join(this.root, 'package.json')
    return majorOf(fs.existsSync(manifest) ? fs.readFileSync(manifest, 'utf8') : null)
  }

  /** @param {string} base @returns {(id: string, depth: number) => Major|null} */
  #dialectIn(base) {
    return (id, depth) => {
      const file = path.resolve(base, id)
      if (!STYLE.test(file) || !fs.existsSync(file)) return null
      return dialectOf(fs.readFileSync(file, 'utf8'), this.#major(), this.#dialectIn(path.dirname(file)), depth)
    }
  }
}

/** @param {string} id module id @returns {string|null} the file of a stylesheet that Tailwind 4 may be for */
export function stylesheetFile(id) {
  return STYLE.test(id) && !NOT_STYLE.test(id) ? id.replace(/[?#].*$/, '') : null
}

/** What is missing may have been installed since. @param {Sheet} sheet */
const isFresh = (sheet) => sheet.missing.size === 0 && [...sheet.inputs].every(([file, text]) => fs.existsSync(file) && fs.readFileSync(file, 'utf8') === text)

/** @param {Sheet} sheet @returns {boolean} whether new class names changed its output */
function refresh(sheet) {
  const output = sheet.compiler.build(sheet.scanner.scan())
  const changed = output !== sheet.output
  sheet.output = output
  return changed
}

/** `tailwindcss`, `tailwindcss/theme`, … whatever major the catalogue holds under that name. @param {string} id */
function ownStylesheet(id) {
  if (id === 'tailwindcss') return path.join(packageDir, 'index.css')
  const name = /^tailwindcss\/([\w-]+?)(\.css)?$/.exec(id)?.[1]
  if (name === undefined) return null
  const file = path.join(packageDir, `${name}.css`)
  return fs.existsSync(file) ? file : null
}

/**
 * Addresses in an imported stylesheet are relative to it, and what comes out stands in another folder.
 * @param {string} css @param {string} from folder of the imported one @param {string} to folder of the importing one
 */
export function rebase(css, from, to) {
  if (from === to) return css
  return css.replace(/(?<!@import\s+)url\(\s*(["']?)(?![a-z-]+:|[/#@~]|var\()([^"')]+)\1\s*\)/gi,
    (_, quote, address) => `url(${quote}${relative(to, path.join(from, address))}${quote})`)
}

/** @param {string} from @param {string} to */
function relative(from, to) {
  const found = path.relative(from, to)
  return found.startsWith('.') ? found : `./${found}`
}

/** @param {NodeJS.Require} load @param {string} id @returns {Promise<any>} undefined when it is not installed */
async function required(load, id) {
  let file
  try {
    file = load.resolve(id)
    return load(file)
  } catch (error) {
    const { code } = /** @type {NodeJS.ErrnoException} */ (error)
    if (code === 'ERR_REQUIRE_ESM' && file !== undefined) return import(pathToFileURL(file).href)
    if (code === 'MODULE_NOT_FOUND' && file === undefined) return undefined
    throw error
  }
}

/** @param {Tailwind4} tailwind @returns {import('vite').Plugin} */
export function tailwind4Plugin(tailwind) {
  /** @type {ReturnType<typeof import('vite').createIdResolver>} */
  let stylesheet
  return {
    name: 'kontext-preview:tailwind-4',
    enforce: 'pre',
    async configResolved(config) {
      const { createIdResolver } = await import('vite')
      // As Vite resolves what a stylesheet imports.
      stylesheet = createIdResolver(config, {
        extensions: ['.css'], mainFields: ['style'], conditions: ['style', 'development|production'], tryIndex: false, preferRelative: true,
      })
    },
    async transform(code, id) {
      const file = stylesheetFile(id)
      if (file === null) return null
      const compiled = await tailwind.compile(code, file, {
        resolve: (name, base) => stylesheet(this.environment, name, path.join(base, '*')),
        watch: (input) => this.addWatchFile(input),
      })
      return compiled === null ? null : { code: compiled, map: null }
    },
  }
}
