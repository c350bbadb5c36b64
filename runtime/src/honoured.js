/**
 * What of a project's own configuration counts: `define`, aliases, environment and the like, from vite.config, tsconfig
 * and `.env` files. Read, never run; how the dev server runs stays ours. What cannot be read is left out, with a warning.
 */
import path from 'node:path'
import { aliasTarget, defaultAliases, pathAliases } from './aliases.js'
import { log } from './log.js'
import { ProjectFiles } from './projectFiles.js'
import { isRecord, PARTIAL, record } from './staticKinds.js'
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
const KEY_LIMIT = 80
/** Pieces of data that are taken over; a list may hold itself many times over. */
const PIECES = 5000
/** Of a glob or a name: picomatch throws at 64 KB. */
const TEXT_LIMIT = 1000

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
  return { values: reading.values, warnings: reading.warnings.slice(0, WARNINGS), inputs: files.asked }
}

/**
 * Ours alone, for when what the project asks for does not work. @param {{treeDir: string, root: string}} project @returns {Honoured}
 */
export function withDefaults({ treeDir, root }) {
  const cwd = root === '' ? PROJECT : `${PROJECT}/${root}`
  const message = 'cannot be used: the preview runs without it'
  return { values: defaults({ treeDir, cwd }), warnings: [{ code: 'CONFIG_IGNORED', path: null, message: `the configuration of the project ${message}` }], inputs: new Set() }
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
    /** @type {Warning[]} */
    this.warnings = []
    this.file = ''
    this.pieces = 0
  }

  /** @param {number} now */
  async run(now) {
    const { files, at } = this
    const given = { ...this.#env(PROJECT), ...this.#env(at.cwd) }
    const env = record({ ...packageOf(files, at.cwd), ...given, NODE_ENV: 'development' })
    const before = { ...env }
    const surroundings = { cwd: at.cwd, env, envFiles: (/** @type {string} */ dir) => this.#env(dir), text: (/** @type {string} */ file) => files.text(file), now }
    const found = await readViteConfig(files, surroundings)
    const config = found?.config ?? record()
    this.file = found?.file ?? ''
    if (found?.problem) this.#warn(found.file, `${found.problem}: the preview runs without it`)
    const usable = this.#record(config, 'the export') ?? record()
    await this.#pick(usable)
    this.values.define['process.env'] = { ...prefixed(env, DFX_PREFIXES), ...this.values.define['process.env'] }
    const written = Object.fromEntries(Object.entries(env).filter(([key, value]) => value !== before[key] && typeof value === 'string'))
    this.values.env = prefixed({ ...this.#env(this.#envDir(usable.envDir)), ...written }, this.values.envPrefix)
    this.#typescript()
    this.values.alias.push(...defaultAliases(this.values.alias, at))
  }

  /** @param {any} config */
  async #pick(config) {
    this.values.alias = []
    for (const plugin of Array.isArray(config.plugins) ? config.plugins : []) if (isRecord(plugin)) this.#define(plugin.define)
    this.#define(config.define)
    this.#aliases(this.#record(config.resolve, 'resolve')?.alias)
    this.#envPrefix(config.envPrefix)
    this.#publicDir(config.publicDir)
    this.#css(this.#record(config.css, 'css') ?? {})
    await this.#esbuild(config.esbuild === false ? {} : this.#record(config.esbuild, 'esbuild') ?? {})
    this.values.assetsInclude = this.#matchers(config.assetsInclude, 'assetsInclude') ?? []
    this.values.json = this.#chosen(this.#record(config.json, 'json') ?? {}, 'json', { namedExports: isBoolean, stringify: (value) => isBoolean(value) || value === 'auto' })
  }

  /** @param {any} given */
  #define(given) {
    const entries = Object.entries(this.#record(given, 'define') ?? {})
    // A page sets them one after the other: an object before what goes into it.
    entries.sort(([a], [b]) => a.split('.').length - b.split('.').length)
    for (const [key, value] of entries) {
      if (OUR_DEFINES.has(key)) continue
      if (!DEFINE_KEY.test(key) || key.split('.').includes('__proto__') || FIXED_GLOBALS.has(key)) this.#ignore(`define.${key}`, 'is not a name that a page can set')
      else this.values.define[key] = this.#defined(key, value)
    }
  }

  /** @param {string} key @param {any} value @returns {any} for Vite: an expression as text, or a value */
  #defined(key, value) {
    if (key === 'process.env') return this.#data(value, `define.${key}`) ?? {}
    if (typeof value !== 'string') {
      const data = this.#data(value, `define.${key}`)
      // Better than a name that does not exist, which ends the page where it is used.
      return data === undefined ? 'undefined' : data
    }
    if (isExpression(value)) return value
    this.#ignore(`define.${key}`, 'is not an expression: taken as text')
    return JSON.stringify(value)
  }

  /** @param {any} given */
  #aliases(given) {
    if (given === undefined) return
    if (Array.isArray(given)) {
      given.forEach((one, i) => {
        const key = `resolve.alias[${i}]`
        if (isRecord(one) && 'customResolver' in one) this.#ignore(key, 'has a resolver of its own')
        else if (isRecord(one)) this.#alias(one.find, one.replacement, key)
        else this.#unread(key)
      })
      return
    }
    for (const [find, replacement] of Object.entries(this.#record(given, 'resolve.alias') ?? {})) this.#alias(find, replacement, `resolve.alias.${find}`)
  }

  /** @param {any} find @param {any} given @param {string} key */
  #alias(find, given, key) {
    const replacement = given instanceof URL ? given.href : given
    if ((typeof find !== 'string' && !(find instanceof RegExp)) || typeof replacement !== 'string' || find === '' || replacement === '') return this.#unread(key)
    const target = aliasTarget(replacement, this.at)
    if (target === null) this.#ignore(key, 'leads out of the project')
    else if (target !== find) this.values.alias.push({ find, replacement: target })
  }

  /** @param {any} given */
  #envPrefix(given) {
    if (given === undefined) return
    const prefixes = [given].flat()
    if (prefixes.every((prefix) => typeof prefix === 'string' && prefix !== '')) this.values.envPrefix = prefixes
    else this.#unread('envPrefix')
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
      if (folder !== null && `${this.at.cwd}/`.startsWith(`${folder}/`)) this.#ignore('publicDir', 'holds the project itself')
      else if (folder !== null) this.values.publicDir = this.files.real(folder) ?? undefined
    }
  }

  /** @param {any} css */
  #css(css) {
    const isConvention = (/** @type {any} */ value) => ['camelCase', 'camelCaseOnly', 'dashes', 'dashesOnly'].includes(value)
    const modules = this.#chosen(css.modules === false ? {} : this.#record(css.modules, 'css.modules') ?? {}, 'css.modules', {
      localsConvention: isConvention, scopeBehaviour: (value) => value === 'local' || value === 'global', generateScopedName: isText, hashPrefix: isText, exportGlobals: isBoolean,
    })
    /** @type {Record<string, any>} */
    const preprocessorOptions = {}
    for (const [language, options] of Object.entries(this.#record(css.preprocessorOptions, 'css.preprocessorOptions') ?? {})) {
      const at = `css.preprocessorOptions.${language}`
      if (!/^(scss|sass|less|styl|stylus)$/.test(language)) continue
      preprocessorOptions[language] = this.#chosen(this.#record(options, at) ?? {}, at, {
        additionalData: (value) => typeof value === 'string', javascriptEnabled: isBoolean, math: isText, modifyVars: isRecord, globalVars: isRecord, quietDeps: isBoolean, silenceDeprecations: Array.isArray,
      })
    }
    this.values.css = { ...(Object.keys(modules).length > 0 ? { modules } : {}), ...(Object.keys(preprocessorOptions).length > 0 ? { preprocessorOptions } : {}) }
  }

  /** @param {any} given */
  async #esbuild(given) {
    const isName = (/** @type {any} */ value) => typeof value === 'string' && DEFINE_KEY.test(value)
    const chosen = this.#chosen(given, 'esbuild', {
      jsx: (value) => value === 'automatic' || value === 'transform', jsxFactory: isName, jsxFragment: (value) => isName(value) || value === "''",
      jsxImportSource: (value) => isText(value) && /^[\w@./-]+$/.test(value), jsxInject: isText, loader: (value) => ['js', 'jsx', 'ts', 'tsx'].includes(value),
    })
    if (chosen.jsxInject !== undefined && !isModule(chosen.jsxInject)) {
      delete chosen.jsxInject
      this.#ignore('esbuild.jsxInject', 'is not code')
    }
    for (const key of ['include', 'exclude']) {
      const matchers = this.#matchers(given[key], `esbuild.${key}`)
      if (matchers !== undefined) chosen[key] = matchers
    }
    this.values.esbuild = chosen
  }

  /** tsconfig: paths after the aliases of vite.config, and what esbuild is told of classes and JSX. */
  #typescript() {
    const found = readTsconfig(this.files, this.at.cwd)
    const options = found?.options ?? {}
    for (const { file, key } of found?.left ?? []) this.#warn(file, key === '' ? 'is not valid: left out' : `${key} is not in the project: left out`)
    const { aliases, rest, refused } = pathAliases(found?.paths ?? [], this.at)
    if (found) for (const pattern of refused) this.#warn(found.file, `${shown(`paths.${pattern}`)} leads out of the project: left out`)
    this.values.alias.push(...aliases)
    this.values.paths = rest
    if (found?.baseUrl && !found.baseUrl.startsWith(OUTSIDE)) this.values.baseUrl = this.files.real(found.baseUrl)
    else if (found?.baseUrl) this.#warn(found.file, 'baseUrl leads out of the project: left out')
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
    if (typeof given !== 'string' || given === '') return this.#unread(key)
    const folder = path.posix.resolve(this.at.cwd, given)
    if (this.files.real(folder) !== null) return folder
    this.#ignore(key, 'leads out of the project')
    return null
  }

  /** @param {any} value @param {string} key @returns {any} an object; null where there is none that can be read */
  #record(value, key) {
    if (value === undefined || value === null) return null
    if (!isRecord(value)) return this.#unread(key)
    if (PARTIAL in value) this.#ignore(key, 'has a part that cannot be read without running the file')
    return value
  }

  /** @param {any} given @param {string} at @param {Record<string, (value: any) => boolean>} keys @returns {Record<string, any>} */
  #chosen(given, at, keys) {
    /** @type {Record<string, any>} */
    const chosen = {}
    for (const [key, fits] of Object.entries(keys)) {
      if (given[key] === undefined) continue
      if (fits(given[key])) chosen[key] = this.#data(given[key], `${at}.${key}`)
      else this.#unread(`${at}.${key}`)
    }
    return chosen
  }

  /** Globs and patterns. @param {any} given @param {string} key @returns {(string|RegExp)[]|undefined} */
  #matchers(given, key) {
    if (given === undefined || given === null) return undefined
    const list = [given].flat()
    if (list.every((one) => one instanceof RegExp || isText(one))) return list
    return this.#unread(key) ?? undefined
  }

  /** Plain data. @param {any} value @param {string} key @param {number} [depth] @returns {any} undefined for what is none */
  #data(value, key, depth = 0) {
    if (value === null || ['string', 'number', 'boolean', 'undefined'].includes(typeof value)) return value
    this.pieces += 1
    if (depth > 20 || this.pieces > PIECES || !(isRecord(value) || Array.isArray(value))) return this.#unread(key) ?? undefined
    if (Array.isArray(value)) return value.map((inner, i) => this.#data(inner, `${key}[${i}]`, depth + 1))
    if (PARTIAL in value) this.#ignore(key, 'has a part that cannot be read without running the file')
    return Object.fromEntries(Object.entries(value).filter(([name]) => name !== '__proto__').map(([name, inner]) => [name, this.#data(inner, `${key}.${name}`, depth + 1)]))
  }

  /** @param {string} key @returns {null} */
  #unread(key) {
    this.#ignore(key, 'cannot be read without running the file: left out')
    return null
  }

  /** @param {string} key @param {string} why */
  #ignore(key, why) {
    this.#warn(this.file, `${shown(key)} ${why}`)
  }

  /** @param {string} file below `PROJECT` @param {string} message */
  #warn(file, message) {
    this.warnings.push({ code: 'CONFIG_IGNORED', path: this.files.treePath(file), message })
  }
}

/** A key of the user's as a message may show it. @param {string} key */
function shown(key) {
  const clean = key.replace(/[^\p{L}\p{N}\p{P}\p{S} ]/gu, '?')
  return clean.length > KEY_LIMIT ? `${clean.slice(0, KEY_LIMIT)}…` : clean
}

/** @param {any} value */
const isBoolean = (value) => typeof value === 'boolean'

/** @param {any} value */
const isText = (value) => typeof value === 'string' && value.length <= TEXT_LIMIT

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
