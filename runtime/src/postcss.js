/**
 * The PostCSS plugins of a session. Vite gets one array and keeps it; `reload` replaces its members, so a changed
 * Tailwind theme or PostCSS config applies as CSS, without a restart of the dev server.
 *
 * Tailwind 3 gets the loaded config behind the path of a small module of ours, new for each load. The project's own path
 * would be `require`d, and Node caches that for ever; the object itself would be resolved and hashed for every
 * stylesheet (measured: 25 ms each time).
 */
import fs from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { aroundTailwind } from './plainRules.js'
import { loadConfig, TAILWIND_4_PLUGINS } from './projectConfig.js'
import { withReadableSources } from './tailwindClasses.js'

const POSTCSS_NAMES = ['postcss.config.js', 'postcss.config.cjs', 'postcss.config.mjs', 'postcss.config.ts', '.postcssrc.js', '.postcssrc.cjs', '.postcssrc.json', '.postcssrc']
const TAILWIND_NAMES = ['tailwind.config.js', 'tailwind.config.cjs', 'tailwind.config.mjs', 'tailwind.config.ts']

/** Where a project without a Tailwind config keeps its class names. */
const DEFAULT_TAILWIND = { content: ['./index.html', './src/**/*.{js,jsx,ts,tsx,mdx}'], theme: { extend: {} }, plugins: [] }

/** @param {string} name file name, relative to the Vite root */
export function isStyleConfig(name) {
  return POSTCSS_NAMES.includes(name) || TAILWIND_NAMES.includes(name)
}

/** Where the small modules find the configs that they stand for. @type {Map<string, unknown>} */
const configs = new Map()
Object.defineProperty(globalThis, Symbol.for('kontext-preview.tailwind'), { value: configs })

let loads = 0

/**
 * Beside the project's own config, because relative content globs may start there; a name that no file of a project has.
 * @param {string} root @param {unknown} config @returns {string} absolute path of a module whose export is `config`
 */
function moduleFor(root, config) {
  const file = path.join(root, `.kontext-preview-tailwind-${loads += 1}.cjs`)
  configs.set(file, config)
  fs.writeFileSync(file, "module.exports = globalThis[Symbol.for('kontext-preview.tailwind')].get(__filename)\n")
  return file
}

/** A config that ended the process before. */
export class Blocked extends Error {}

export class PostcssPlugins {
  /**
   * @param {import('./crashNote.js').CrashNote} note
   * @param {(file: string|undefined) => boolean} isFor3 whether Tailwind 3 has a part in a stylesheet
   */
  constructor(note, isFor3) {
    this.note = note
    this.isFor3 = isFor3
    /** @type {any[]} the array that Vite holds */
    this.plugins = []
    /** @type {Set<string>} absolute paths of the configs and of what they import */
    this.inputs = new Set()
    /** @type {string|null} the config that is being loaded */
    this.loading = null
    /** @type {Map<string, string>} packages that a config names and nobody installed -> the config */
    this.missing = new Map()
  }

  /** @param {string} file @returns {Promise<any>} */
  async #load(file) {
    this.loading = file
    this.inputs.add(file)
    const { config, inputs, missing } = await loadConfig(file, { evaluates: (files) => this.note.evaluates(files) })
    inputs.forEach((input) => this.inputs.add(input))
    missing.forEach((name) => this.missing.set(name, file))
    return config
  }

  /**
   * Reads the configs of `root` again. On an error the plugins stay as they were; at the first time they are the default ones.
   * @param {string} root absolute Vite root
   * @throws the config's own error; Blocked
   */
  async reload(root) {
    const blocked = configsOf(root).filter((file) => this.note.blocks(file) !== null)
    this.note.starts()
    this.missing.clear()
    const project = new Project(root, this.isFor3, (file) => this.#load(file), this.missing)
    try {
      if (this.plugins.length === 0 || blocked.length === 0) this.#use(await project.plugins((file) => !blocked.includes(file)))
      this.loading = blocked[0] ?? null
      if (blocked.length > 0) throw new Blocked(this.#sentence(blocked))
    } catch (error) {
      if (this.plugins.length === 0) this.#use(await project.plugins(() => false))
      throw error
    } finally {
      this.note.loaded()
    }
    this.loading = null
  }

  /** @param {string[]} blocked */
  #sentence(blocked) {
    const names = blocked.map((file) => path.basename(file)).join(' or ')
    return `${names} ended the preview's process (${this.note.blocks(blocked[0] ?? '')}): not used until a change of it, default styles stand in`
  }

  /** As if no config had been read yet. */
  forget() {
    this.#use([])
    this.inputs.clear()
  }

  /** @param {any[]} next */
  #use(next) {
    this.plugins.splice(0, this.plugins.length, ...next)
  }
}

/** @param {string} root @param {string[]} names */
const firstOf = (root, names) => configsOf(root).find((file) => names.includes(path.basename(file)))

/** @param {string} root @returns {string[]} absolute paths of the configs that are there */
const configsOf = (root) => [...TAILWIND_NAMES, ...POSTCSS_NAMES].map((name) => path.join(root, name)).filter((file) => fs.existsSync(file))

/** The plugins that the configs of one Vite root ask for. */
class Project {
  /**
   * @param {string} root @param {(file: string|undefined) => boolean} isFor3
   * @param {(file: string) => Promise<any>} load @param {Map<string, string>} missing is filled: package -> config
   */
  constructor(root, isFor3, load, missing) {
    this.root = root
    this.isFor3 = isFor3
    this.load = load
    this.missing = missing
    // From inside node_modules: from beside the project's package.json nothing resolves while that is not valid JSON.
    this.require = createRequire(path.join(root, 'node_modules', 'x'))
    /** @type {string|undefined} */
    this.tailwindFile = undefined
  }

  /** @param {(file: string) => boolean} allowed which configs may be read @returns {Promise<any[]>} */
  async plugins(allowed) {
    const [tailwindFile, file] = [TAILWIND_NAMES, POSTCSS_NAMES].map((names) => firstOf(this.root, names)).map((found) => (found && allowed(found) ? found : undefined))
    this.tailwindFile = tailwindFile
    if (!file) return [await this.#configured(), this.require('autoprefixer')()]
    const raw = file.endsWith('rc') || file.endsWith('.json') ? JSON.parse(fs.readFileSync(file, 'utf8')) : await this.load(file)
    const config = typeof raw === 'function' ? await raw({ env: 'development', mode: 'development', cwd: this.root }) : raw
    const made = await Promise.all(entriesOf(config?.plugins ?? []).map((entry) => this.#instance(entry, file)))
    const plugins = made.filter((plugin) => plugin !== null)
    // A config that forgets Tailwind must not leave `@tailwind` in the page; a stylesheet without it is left as it is.
    return plugins.some(isTailwind) ? plugins : [await this.#configured(), ...plugins]
  }

  /** @param {unknown} [given] a config object in the PostCSS config itself */
  async #configured(given) {
    return this.#tailwind(given ?? (this.tailwindFile ? await this.load(this.tailwindFile) : DEFAULT_TAILWIND))
  }

  /**
   * Tailwind 3, made when the first stylesheet is written for it, between what takes the plain rules out and in again.
   * One plugin: its parts are functions, which PostCSS would run in the same order.
   * @param {unknown} config @returns {import('postcss').Plugin}
   */
  #tailwind(config) {
    const [before, after] = aroundTailwind()
    /** @type {{plugins: ((root: import('postcss').Root, result: import('postcss').Result) => unknown)[]}|undefined} */
    let made
    return {
      postcssPlugin: 'tailwindcss',
      Once: async (root, helpers) => {
        if (!this.isFor3(helpers.result.opts.from?.replace(/[?#].*$/, ''))) return
        made ??= this.require('tailwindcss')(moduleFor(this.root, withReadableSources(config)))
        await before.Once?.(root, helpers)
        for (const part of made?.plugins ?? []) await part(root, helpers.result)
        await after.Once?.(root, helpers)
      },
    }
  }

  /** @param {any} entry a plugin, a creator, a name, or [name, options] @param {string} file the config @returns {Promise<any>} null: none */
  async #instance(entry, file) {
    const [plugin, options] = Array.isArray(entry) ? entry : [entry, undefined]
    if (typeof plugin === 'string') {
      if (plugin === 'tailwindcss') return this.#configured(configIn(options))
      return TAILWIND_4_PLUGINS.has(plugin) ? null : this.#named(plugin, options, file)
    }
    // `require('tailwindcss')` and `require('tailwindcss')()` in an array look for a config file by themselves.
    if (plugin === this.#installed('tailwindcss') || isTailwind(plugin)) return this.#configured(configIn(options))
    return plugin
  }

  /** @param {string} name @param {any} options @param {string} file the config */
  #named(name, options, file) {
    const exported = this.#installed(name)
    if (exported === null) {
      this.missing.set(name, file)
      return null
    }
    return (exported.default ?? exported)(options === true ? {} : options)
  }

  /** @param {string} name @returns {any} null when there is no such package */
  #installed(name) {
    try {
      this.require.resolve(name)
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code === 'MODULE_NOT_FOUND') return null
      throw error
    }
    return this.require(name)
  }
}

/** @param {any} plugin */
const isTailwind = (plugin) => plugin?.postcssPlugin === 'tailwindcss'

/** `{name: options}` and `[plugin, …]` become one list; `false` switches a plugin off. @param {any} plugins */
function entriesOf(plugins) {
  if (Array.isArray(plugins)) return plugins.filter(Boolean)
  return Object.entries(plugins).filter(([, options]) => options !== false)
}

/** Tailwind's options in a PostCSS config: a config object counts, a path to the config file is what we load anyway. @param {any} options */
function configIn(options) {
  if (!options || typeof options !== 'object' || Object.keys(options).length === 0) return undefined
  if ('config' in options) return typeof options.config === 'object' ? options.config : undefined
  return options
}
