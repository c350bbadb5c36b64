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
import { loadConfig } from './projectConfig.js'

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
  /** @param {import('./crashNote.js').CrashNote} note */
  constructor(note) {
    this.note = note
    /** @type {any[]} the array that Vite holds */
    this.plugins = []
    /** @type {Set<string>} absolute paths of the configs and of what they import */
    this.inputs = new Set()
    /** @type {string|null} the config that is being loaded */
    this.loading = null
  }

  /** @param {string} file @returns {Promise<any>} */
  async #load(file) {
    this.loading = file
    this.inputs.add(file)
    const { config, inputs } = await loadConfig(file, (files) => this.note.evaluates(files))
    inputs.forEach((input) => this.inputs.add(input))
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
    try {
      if (this.plugins.length === 0 || blocked.length === 0) {
        this.#use(await pluginsOf(root, (file) => this.#load(file), (file) => !blocked.includes(file)))
      }
      this.loading = blocked[0] ?? null
      if (blocked.length > 0) throw new Blocked(this.#sentence(blocked))
    } catch (error) {
      if (this.plugins.length === 0) this.#use(await pluginsOf(root, (file) => this.#load(file), () => false))
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

  /** @param {any[]} next */
  #use(next) {
    const tailwind = next.findIndex(isTailwind)
    const [before, after] = aroundTailwind()
    this.plugins.splice(0, this.plugins.length, ...next.slice(0, tailwind), before, next[tailwind], after, ...next.slice(tailwind + 1))
  }
}

/** @param {string} root @param {string[]} names */
const firstOf = (root, names) => configsOf(root).find((file) => names.includes(path.basename(file)))

/** @param {string} root @returns {string[]} absolute paths of the configs that are there */
const configsOf = (root) => [...TAILWIND_NAMES, ...POSTCSS_NAMES].map((name) => path.join(root, name)).filter((file) => fs.existsSync(file))

/** @param {string} root @param {(file: string) => Promise<any>} load @param {(file: string) => boolean} allowed @returns {Promise<any[]>} */
async function pluginsOf(root, load, allowed) {
  const require = createRequire(path.join(root, 'postcss.config.js'))
  const [tailwindFile, postcssFile] = [TAILWIND_NAMES, POSTCSS_NAMES].map((names) => firstOf(root, names)).map((file) => (file && allowed(file) ? file : undefined))
  /** @param {unknown} [given] a config object in the PostCSS config itself */
  const tailwind = async (given) => {
    const config = given ?? (tailwindFile ? await load(tailwindFile) : DEFAULT_TAILWIND)
    return require('tailwindcss')(moduleFor(root, config))
  }
  if (!postcssFile) return [await tailwind(), require('autoprefixer')()]
  const raw = postcssFile.endsWith('rc') || postcssFile.endsWith('.json')
    ? JSON.parse(fs.readFileSync(postcssFile, 'utf8'))
    : await load(postcssFile)
  const config = typeof raw === 'function' ? await raw({ env: 'development', mode: 'development', cwd: root }) : raw
  const plugins = await Promise.all(entriesOf(config?.plugins ?? []).map((entry) => instance(entry, require, tailwind)))
  // A config that forgets Tailwind must not leave `@tailwind` in the page; a stylesheet without it is left as it is.
  return plugins.some(isTailwind) ? plugins : [await tailwind(), ...plugins]
}

/** @param {any} plugin */
const isTailwind = (plugin) => plugin?.postcssPlugin === 'tailwindcss'

/** `{name: options}` and `[plugin, …]` become one list; `false` switches a plugin off. @param {any} plugins */
function entriesOf(plugins) {
  if (Array.isArray(plugins)) return plugins.filter(Boolean)
  return Object.entries(plugins).filter(([, options]) => options !== false)
}

/**
 * @param {any} entry a plugin, a creator, a name, or [name, options]
 * @param {NodeJS.Require} require of the Vite root @param {(given?: unknown) => Promise<any>} tailwind
 */
async function instance(entry, require, tailwind) {
  const [plugin, options] = Array.isArray(entry) ? entry : [entry, undefined]
  if (typeof plugin === 'string') {
    if (plugin === 'tailwindcss') return tailwind(configIn(options))
    const exported = require(plugin)
    return (exported.default ?? exported)(options === true ? {} : options)
  }
  // `require('tailwindcss')` and `require('tailwindcss')()` in an array look for a config file by themselves.
  if (plugin === require('tailwindcss') || isTailwind(plugin)) return tailwind(configIn(options))
  return plugin
}

/** Tailwind's options in a PostCSS config: a config object counts, a path to the config file is what we load anyway. @param {any} options */
function configIn(options) {
  if (!options || typeof options !== 'object' || Object.keys(options).length === 0) return undefined
  if ('config' in options) return typeof options.config === 'object' ? options.config : undefined
  return options
}
