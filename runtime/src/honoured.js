/**
 * What of a project's own configuration counts: `define`, aliases, environment and the like, from vite.config, tsconfig
 * and `.env` files. Read, never run; how the dev server runs stays ours. What cannot be read is left out, with a warning.
 */
import path from 'node:path'
import { aliasTarget, defaultAliases, pathAliases } from './aliases.js'
import { log } from './log.js'
import { isText, Picker, shown } from './picker.js'
import { ProjectFiles } from './projectFiles.js'
import { isRecord, record } from './staticKinds.js'
import { OUTSIDE, PROJECT } from './staticModules.js'
import { isExpression, isModule } from './syntax.js'
import { readTsconfig } from './tsconfig.js'
import { readViteConfig } from './viteConfigFile.js'

/** @typedef {import('./diagnostics.js').Warning} Warning */
/** @typedef {import('./aliases.js').Alias} Alias */
/**
 * @typedef {object} Values   what Vite gets
 * @property {Record<string, any>} define
 * @property {Alias[]} alias
 * @property {import('./tsconfig.js').PathRule[]} paths   rules that no alias expresses; targets absolute
 * @property {string|null} baseUrl   absolute
 * @property {Record<string, string>} env   of `import.meta.env`
 * @property {string[]} envPrefix
 * @property {string|false|undefined} publicDir   absolute; undefined: `public`
 * @property {Record<string, any>} css
 * @property {Record<string, any>} esbuild
 * @property {any} assetsInclude
 * @property {Record<string, any>} json
 */
/** @typedef {{values: Values, warnings: Warning[], inputs: Set<string>}} Honoured   `inputs`: tree paths */

/** What may be read without having been asked for yet. */
const CONFIG_FILE = /(^|\/)(vite\.config\.[cm]?[jt]s|[jt]sconfig[\w.-]*\.json|package\.json|\.env(\.[\w.-]+)?)$/
/** More of them are no help to anybody. */
const WARNINGS = 20

/** Names that a page cannot set. */
const FIXED_GLOBALS = new Set(['window', 'document', 'location', 'top', 'undefined', 'NaN', 'Infinity', 'globalThis'])
const DEFINE_KEY = /^[\p{ID_Start}$_][\p{ID_Continue}$]*(\.[\p{ID_Start}$_][\p{ID_Continue}$]*)*$/u
/** Set by React and Vite alike for a dev server. */
const OUR_DEFINES = new Set(['process.env.NODE_ENV', 'global.process.env.NODE_ENV', 'globalThis.process.env.NODE_ENV'])
/** dfx's generated declarations read their canisters' ids from `process.env`, which a page does not have. */
const DFX_PREFIXES = ['CANISTER_', 'DFX_']

/** @param {import('./tree.js').Change} change @param {Honoured} honoured whether another reading may come to something else */
export function concerns(change, honoured) {
  return [...change.added, ...change.changed, ...change.removed].some((file) => CONFIG_FILE.test(file) || honoured.inputs.has(file))
}

/** @param {Values} values @returns {string} the same for the same values */
export function fingerprint(values) {
  return JSON.stringify(values, (_, value) => (value instanceof RegExp ? String(value) : value))
}

/**
 * @param {object} project
 * @param {string} project.treeDir absolute folder of the files @param {string} project.root the Vite root in it, '' is all of it
 * @param {number} project.now epoch milliseconds: what the time is in a config
 * @returns {Promise<Honoured>}
 */
export async function readHonoured({ treeDir, root, now }) {
  const cwd = root === '' ? PROJECT : `${PROJECT}/${root}`
  const files = new ProjectFiles(treeDir)
  const reading = new Reading(files, { treeDir, cwd })
  try {
    await reading.run(now)
  } catch (error) {
    // A mistake of ours must not cost the user the preview.
    log('error', 'the configuration could not be read', { error: error instanceof Error ? error.name : 'unknown' })
    return { ...withDefaults({ treeDir, root }), inputs: files.asked }
  }
  return { values: reading.values, warnings: reading.picker.warnings.slice(0, WARNINGS), inputs: files.asked }
}

/**
 * Ours alone, for when what the project asks for does not work. @param {{treeDir: string, root: string}} project @returns {Honoured}
 */
export function withDefaults({ treeDir, root }) {
  const cwd = root === '' ? PROJECT : `${PROJECT}/${root}`
  const message = 'the configuration of the project cannot be used: the preview runs without it'
  return { values: defaults({ treeDir, cwd }), warnings: [{ code: 'CONFIG_IGNORED', path: null, message }], inputs: new Set() }
}

/** @param {import('./aliases.js').Place} at @returns {Values} */
function defaults(at) {
  return {
    define: { global: 'globalThis', 'process.env': {} },
    alias: defaultAliases([], at),
    paths: [],
    baseUrl: null,
    env: {},
    envPrefix: ['VITE_'],
    publicDir: undefined,
    css: {},
    esbuild: {},
    assetsInclude: [],
    json: {},
  }
}

class Reading {
  /** @param {ProjectFiles} files @param {import('./aliases.js').Place} at */
  constructor(files, at) {
    this.files = files
    this.at = at
    this.values = defaults(at)
    this.picker = new Picker((file) => files.treePath(file))
  }

  /** @param {number} now */
  async run(now) {
    const { files, at } = this
    const given = { ...this.#env(PROJECT), ...this.#env(at.cwd) }
    const env = record({ ...packageOf(files, at.cwd), ...given, NODE_ENV: 'development' })
    const before = { ...env }
    /** @type {import('./staticModules.js').Surroundings} */
    const surroundings = { cwd: at.cwd, env, envFiles: (dir) => this.#env(dir), text: (file) => files.text(file), now }
    const found = await readViteConfig(files, surroundings)
    const config = found?.config ?? record()
    this.picker.file = found?.file ?? ''
    if (found?.problem) this.picker.warn(found.file, `${found.problem}: the preview runs without it`)
    const usable = this.picker.record(config, 'the export') ?? record()
    await this.#pick(usable)
    this.values.define['process.env'] = { ...prefixed(env, DFX_PREFIXES), ...this.values.define['process.env'] }
    const written = Object.fromEntries(Object.entries(env)
      .filter(([key, value]) => value !== before[key] && ['string', 'number', 'boolean'].includes(typeof value))
      .map(([key, value]) => [key, String(value)]))
    this.values.env = prefixed({ ...this.#env(this.#envDir(usable.envDir)), ...written }, this.values.envPrefix)
    this.#typescript()
    this.values.alias.push(...defaultAliases(this.values.alias, at))
  }

  /** @param {any} config */
  async #pick(config) {
    this.values.alias = []
    for (const plugin of Array.isArray(config.plugins) ? config.plugins : []) if (isRecord(plugin)) this.#define(plugin.define)
    this.#define(config.define)
    this.#aliases(this.picker.record(config.resolve, 'resolve')?.alias)
    this.#envPrefix(config.envPrefix)
    this.#publicDir(config.publicDir)
    this.#css(this.picker.record(config.css, 'css') ?? {})
    await this.#esbuild(config.esbuild === false ? {} : this.picker.record(config.esbuild, 'esbuild') ?? {})
    this.values.assetsInclude = this.picker.matchers(config.assetsInclude, 'assetsInclude') ?? []
    this.values.json = this.picker.chosen(this.picker.record(config.json, 'json') ?? {}, 'json', {
      namedExports: isBoolean, stringify: (value) => isBoolean(value) || value === 'auto',
    })
  }

  /** @param {any} given */
  #define(given) {
    const entries = Object.entries(this.picker.record(given, 'define') ?? {})
    // A page sets them one after the other: an object before what goes into it.
    entries.sort(([a], [b]) => a.split('.').length - b.split('.').length)
    for (const [key, value] of entries) {
      if (OUR_DEFINES.has(key)) continue
      const settable = DEFINE_KEY.test(key) && !key.split('.').includes('__proto__') && !FIXED_GLOBALS.has(key)
      if (settable) this.values.define[key] = this.#defined(key, value)
      else this.picker.ignore(`define.${key}`, 'is not a name that a page can set')
    }
  }

  /** @param {string} key @param {any} value @returns {any} for Vite: an expression as text, or a value */
  #defined(key, value) {
    if (key === 'process.env') return this.picker.data(value, `define.${key}`) ?? {}
    if (typeof value !== 'string') {
      const data = this.picker.data(value, `define.${key}`)
      // Better than a name that does not exist, which ends the page where it is used.
      return data === undefined ? 'undefined' : data
    }
    if (isExpression(value)) return value
    this.picker.ignore(`define.${key}`, 'is not an expression: taken as text')
    return JSON.stringify(value)
  }

  /** @param {any} given */
  #aliases(given) {
    if (given === undefined) return
    if (Array.isArray(given)) {
      given.forEach((one, i) => {
        const key = `resolve.alias[${i}]`
        if (isRecord(one) && 'customResolver' in one) this.picker.ignore(key, 'has a resolver of its own')
        else if (isRecord(one)) this.#alias(one.find, one.replacement, key)
        else this.picker.unread(key)
      })
      return
    }
    for (const [find, replacement] of Object.entries(this.picker.record(given, 'resolve.alias') ?? {})) this.#alias(find, replacement, `resolve.alias.${find}`)
  }

  /** @param {any} find @param {any} given @param {string} key */
  #alias(find, given, key) {
    const replacement = given instanceof URL ? given.href : given
    const isFind = find instanceof RegExp || (typeof find === 'string' && find !== '')
    if (!isFind || typeof replacement !== 'string' || replacement === '') return this.picker.unread(key)
    const target = aliasTarget(replacement, this.at)
    if (target === null) this.picker.ignore(key, 'leads out of the project')
    else if (target !== find) this.values.alias.push({ find, replacement: target })
  }

  /** @param {any} given */
  #envPrefix(given) {
    if (given === undefined) return
    const prefixes = [given].flat()
    if (prefixes.every((prefix) => typeof prefix === 'string' && prefix !== '')) this.values.envPrefix = prefixes
    else this.picker.unread('envPrefix')
  }

  /** @param {any} given @returns {string|null} below `PROJECT`; null: no files */
  #envDir(given) {
    if (given === undefined) return this.at.cwd
    if (given === false) return null
    return this.#folder(given, 'envDir') ?? this.at.cwd
  }

  /** @param {any} given */
  #publicDir(given) {
    if (given === false || given === '') this.values.publicDir = false
    else if (given !== undefined) {
      const folder = this.#folder(given, 'publicDir')
      // It serves all that it holds, secrets as well.
      if (folder !== null && `${this.at.cwd}/`.startsWith(`${folder}/`)) this.picker.ignore('publicDir', 'holds the project itself')
      else if (folder !== null) this.values.publicDir = this.files.real(folder) ?? undefined
    }
  }

  /** @param {any} css */
  #css(css) {
    const modules = this.picker.chosen(css.modules === false ? {} : this.picker.record(css.modules, 'css.modules') ?? {}, 'css.modules', {
      localsConvention: (value) => ['camelCase', 'camelCaseOnly', 'dashes', 'dashesOnly'].includes(value),
      scopeBehaviour: (value) => value === 'local' || value === 'global',
      generateScopedName: isText,
      hashPrefix: isText,
      exportGlobals: isBoolean,
    })
    /** @type {Record<string, any>} */
    const languages = {}
    for (const [language, options] of Object.entries(this.picker.record(css.preprocessorOptions, 'css.preprocessorOptions') ?? {})) {
      if (!/^(scss|sass|less|styl|stylus)$/.test(language)) continue
      const at = `css.preprocessorOptions.${language}`
      languages[language] = this.picker.chosen(this.picker.record(options, at) ?? {}, at, {
        additionalData: (value) => typeof value === 'string',
        javascriptEnabled: isBoolean,
        math: isText,
        modifyVars: isRecord,
        globalVars: isRecord,
        quietDeps: isBoolean,
        silenceDeprecations: Array.isArray,
      })
    }
    if (Object.keys(modules).length > 0) this.values.css.modules = modules
    if (Object.keys(languages).length > 0) this.values.css.preprocessorOptions = languages
  }

  /** @param {any} given */
  async #esbuild(given) {
    const isName = (/** @type {any} */ value) => typeof value === 'string' && DEFINE_KEY.test(value)
    const chosen = this.picker.chosen(given, 'esbuild', {
      jsx: (value) => value === 'automatic' || value === 'transform', jsxFactory: isName, jsxFragment: (value) => isName(value) || value === "''",
      jsxImportSource: (value) => isText(value) && /^[\w@./-]+$/.test(value), jsxInject: isText, loader: (value) => ['js', 'jsx', 'ts', 'tsx'].includes(value),
    })
    if (chosen.jsxInject !== undefined && !isModule(chosen.jsxInject)) {
      delete chosen.jsxInject
      this.picker.ignore('esbuild.jsxInject', 'is not code')
    }
    for (const key of ['include', 'exclude']) {
      const matchers = this.picker.matchers(given[key], `esbuild.${key}`)
      if (matchers !== undefined) chosen[key] = matchers
    }
    this.values.esbuild = chosen
  }

  /** tsconfig: paths after the aliases of vite.config, and what esbuild is told of classes and JSX. */
  #typescript() {
    const found = readTsconfig(this.files, this.at.cwd)
    const options = found?.options ?? {}
    for (const { file, key } of found?.left ?? []) this.picker.warn(file, key === '' ? 'is not valid: left out' : `${key} is not in the project: left out`)
    const { aliases, rest, refused } = pathAliases(found?.paths ?? [], this.at)
    if (found) for (const pattern of refused) this.picker.warn(found.file, `${shown(`paths.${pattern}`)} leads out of the project: left out`)
    this.values.alias.push(...aliases)
    this.values.paths = rest
    if (found?.baseUrl && !found.baseUrl.startsWith(OUTSIDE)) this.values.baseUrl = this.files.real(found.baseUrl)
    else if (found?.baseUrl) this.picker.warn(found.file, 'baseUrl leads out of the project: left out')
    const silent = options.useDefineForClassFields === undefined && options.target === undefined
    // As text Vite passes it on. It would look for the file itself otherwise, up to the top of this machine, and no module compiles when one is broken.
    this.values.esbuild.tsconfigRaw = JSON.stringify({ compilerOptions: { ...options, ...(silent ? { useDefineForClassFields: false } : {}) } })
  }

  // --- values ---

  /** @param {string|null} dir below `PROJECT` */
  #env(dir) {
    return dir === null ? {} : this.files.env(dir)
  }

  /** @param {any} given @param {string} key @returns {string|null} below `PROJECT` */
  #folder(given, key) {
    if (typeof given !== 'string' || given === '') return this.picker.unread(key)
    const folder = path.posix.resolve(this.at.cwd, given)
    if (this.files.real(folder) !== null) return folder
    this.picker.ignore(key, 'leads out of the project')
    return null
  }
}

/** @param {any} value */
const isBoolean = (value) => typeof value === 'boolean'

/** @param {Record<string, any>} values @param {string[]} prefixes */
function prefixed(values, prefixes) {
  return Object.fromEntries(Object.entries(values).filter(([key]) => prefixes.some((prefix) => key.startsWith(prefix))))
}

/** What npm puts into the environment of a script. @param {ProjectFiles} files @param {string} cwd */
function packageOf(files, cwd) {
  try {
    const { name, version } = JSON.parse(files.text(`${cwd}/package.json`) ?? '{}')
    return { ...(typeof name === 'string' ? { npm_package_name: name } : {}), ...(typeof version === 'string' ? { npm_package_version: version } : {}) }
  } catch (error) {
    // A broken package.json is told elsewhere.
    if (error instanceof SyntaxError || error instanceof TypeError) return {}
    throw error
  }
}
