/** What of tsconfig.json (else jsconfig.json) matters when the project is served: paths, and how classes and JSX are meant. */
import path from 'node:path'
import { isRecord } from './staticKinds.js'
import { isInside, OUTSIDE } from './staticModules.js'
import { Interpreter, Unevaluable } from './staticValue.js'
import { parseJson, Unreadable } from './syntax.js'
import { findUp } from './viteConfigFile.js'

/** @typedef {import('./projectFiles.js').ProjectFiles} ProjectFiles */
/** @typedef {{pattern: string, targets: string[]}} PathRule   `targets` below `PROJECT`, or leading out of it */
/** @typedef {{file: string, key: string}} Left   what was left out of a file */
/** @typedef {{file: string, baseUrl: string|null, paths: PathRule[], options: Record<string, any>, left: Left[]}} Tsconfig */

/** A configuration that extends another, which extends …; and one that refers to others. */
const CHAIN = 10

/**
 * What esbuild is told. Not `verbatimModuleSyntax`: with it an `import { Type }` that lacks its `type` ends the page, and
 * all that the preview would gain is being as strict as the compiler that nobody ran.
 */
const OPTIONS = ['alwaysStrict', 'experimentalDecorators', 'jsxImportSource', 'target', 'useDefineForClassFields']

/** @param {ProjectFiles} files @param {string} root the Vite root, below `PROJECT` @returns {Tsconfig|null} null: there is none */
export function readTsconfig(files, root) {
  const file = findUp(files, root, ['tsconfig.json', 'jsconfig.json'])
  if (file === null) return null
  const reader = new Reader(files)
  const own = reader.read(file, path.posix.dirname(file), [])
  // `tsc -b` projects: the file itself only names the ones that hold the options.
  const parts = reader.references(file).map((part) => reader.read(part, path.posix.dirname(part), []))
  const all = [own, ...parts]
  return {
    file,
    baseUrl: all.find((one) => one.baseUrl !== null)?.baseUrl ?? null,
    paths: all.flatMap((one) => one.paths).filter(isFirst),
    options: Object.assign({}, ...all.map((one) => one.options).reverse()),
    left: reader.left,
  }
}

/** @param {PathRule} rule @param {number} i @param {PathRule[]} all */
const isFirst = (rule, i, all) => all.findIndex((other) => other.pattern === rule.pattern) === i

class Reader {
  /** @param {ProjectFiles} files */
  constructor(files) {
    this.files = files
    /** @type {Left[]} */
    this.left = []
    /** @type {Map<string, any>} */
    this.values = new Map()
  }

  /**
   * A configuration with what it extends.
   * @param {string} file @param {string} configDir folder of the configuration that is extended in the end
   * @param {string[]} chain files that extend this one
   * @returns {{baseUrl: string|null, paths: PathRule[], options: Record<string, any>}}
   */
  read(file, configDir, chain) {
    const value = this.#value(file)
    const bases = chain.length < CHAIN ? this.#extended(file, value.extends, [...chain, file]) : []
    const below = bases.map((base) => this.read(base, configDir, [...chain, file]))
    const options = isRecord(value.compilerOptions) ? value.compilerOptions : {}
    const dir = path.posix.dirname(file)
    const baseUrl = typeof options.baseUrl === 'string' ? place(options.baseUrl, dir, configDir) : below.filter((b) => b.baseUrl !== null).at(-1)?.baseUrl ?? null
    const paths = isRecord(options.paths)
      ? this.#paths(file, options.paths, (target) => place(target, baseUrl ?? dir, configDir))
      : below.filter((b) => b.paths.length > 0).at(-1)?.paths ?? []
    const own = Object.fromEntries(OPTIONS.filter((name) => isOption(options[name])).map((name) => [name, options[name]]))
    return { baseUrl, paths, options: Object.assign({}, ...below.map((b) => b.options), own) }
  }

  /** @param {string} file @returns {string[]} the configurations that it refers to and that are there */
  references(file) {
    const { references } = this.#value(file)
    if (!Array.isArray(references)) return []
    return references.filter((one) => isRecord(one) && typeof one.path === 'string').slice(0, CHAIN).flatMap((one) => {
      const at = path.posix.resolve(path.posix.dirname(file), one.path)
      const found = [at, `${at}/tsconfig.json`].find((name) => name.endsWith('.json') && this.files.text(name) !== null)
      // That of the build's own files says nothing about the app.
      return found === undefined || found === file || /node/.test(path.posix.basename(found)) ? [] : [found]
    })
  }

  /** @param {string} file @returns {any} its value, an empty one where it cannot be read */
  #value(file) {
    if (!this.values.has(file)) this.values.set(file, this.#parsed(file))
    return this.values.get(file)
  }

  /** @param {string} file */
  #parsed(file) {
    try {
      const value = new Interpreter({}, () => undefined).expression(parseJson(this.files.text(file) ?? '{}'))
      if (isRecord(value)) return value
      this.left.push({ file, key: '' })
    } catch (error) {
      if (!(error instanceof Unreadable || error instanceof Unevaluable)) throw error
      this.left.push({ file, key: '' })
    }
    return {}
  }

  /** @param {string} file @param {any} given @param {string[]} chain @returns {string[]} */
  #extended(file, given, chain) {
    return [given].flat().filter((name) => typeof name === 'string').slice(0, CHAIN).flatMap((name) => {
      const at = path.posix.resolve(path.posix.dirname(file), name)
      const found = name.startsWith('.') ? [at, `${at}.json`].find((one) => one.endsWith('.json') && this.files.text(one) !== null) : undefined
      if (found === undefined) this.left.push({ file, key: `extends ${name}` })
      return found === undefined || chain.includes(found) ? [] : [found]
    })
  }

  /** @param {string} file @param {any} paths @param {(target: string) => string} at @returns {PathRule[]} */
  #paths(file, paths, at) {
    return Object.entries(paths).flatMap(([pattern, targets]) => {
      const isList = Array.isArray(targets) && targets.length > 0 && targets.every((target) => typeof target === 'string')
      const usable = isList && pattern.split('*').length <= 2
      if (!usable) this.left.push({ file, key: `paths.${pattern}` })
      return usable ? [{ pattern, targets: targets.map(at) }] : []
    })
  }
}

/** @param {any} value */
const isOption = (value) => typeof value === 'string' || typeof value === 'boolean'

/** @param {string} name @param {string} dir @param {string} configDir */
function place(name, dir, configDir) {
  const file = path.posix.resolve(dir, name.replace('${configDir}', configDir))
  return isInside(file) ? file : OUTSIDE + file
}
