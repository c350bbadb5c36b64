/** What the project's vite.config exports, read and never run. */
import path from 'node:path'
import { record, UNKNOWN } from './staticKinds.js'
import { builtinModules, fromJson, globals, placeOf, PROJECT } from './staticModules.js'
import { Interpreter, isCallable, Unevaluable } from './staticValue.js'
import { parseModule, Unreadable } from './syntax.js'

/** @typedef {import('./projectFiles.js').ProjectFiles} ProjectFiles */
/** @typedef {import('./staticModules.js').Surroundings} Surroundings */

/** In Vite's own order. */
const NAMES = ['vite.config.js', 'vite.config.mjs', 'vite.config.ts', 'vite.config.cjs', 'vite.config.mts', 'vite.config.cts']
/** What an import may leave out. */
const ENDINGS = ['', '.ts', '.js', '.mts', '.mjs', '.cts', '.cjs', '.json', '/index.ts', '/index.js']
/** Files of its own that a config is made of. */
const MODULES = 20

/** What a config is called with. */
const CALL = record({ mode: 'development', command: 'serve', isSsrBuild: false, isPreview: false })

/** @typedef {{program: any} | {json: any}} Module */

/**
 * @param {ProjectFiles} files @param {Surroundings} at
 * @returns {Promise<{file: string, config: any, problem: string|null}|null>} `config`: a value of the interpreter, null
 *   where there is a `problem`; null: no vite.config
 */
export async function readViteConfig(files, at) {
  const file = findUp(files, at.cwd, NAMES)
  if (file === null) return null
  try {
    const modules = await modulesOf(files, file)
    return { file, config: evaluated(modules, file, at), problem: null }
  } catch (error) {
    if (!(error instanceof Unreadable || error instanceof Unevaluable)) throw error
    return { file, config: null, problem: error.message }
  }
}

/**
 * The first of some names, in a folder or above it, as far as the project goes.
 * @param {ProjectFiles} files @param {string} dir @param {string[]} names @returns {string|null}
 */
export function findUp(files, dir, names) {
  for (let at = dir; at.startsWith(PROJECT); at = path.posix.dirname(at)) {
    const found = names.map((name) => path.posix.join(at, name)).find((file) => files.text(file) !== null)
    if (found !== undefined) return found
  }
  return null
}

/** The config and what it imports of the project. @param {ProjectFiles} files @param {string} entry @returns {Promise<Map<string, Module>>} */
async function modulesOf(files, entry) {
  /** @type {Map<string, Module>} */
  const found = new Map()
  const waiting = [entry]
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (found.has(file) || found.size >= MODULES) continue
    const text = /** @type {string} */ (files.text(file))
    const module = await parsedFile(file, text, file === entry)
    if (module === null) continue
    found.set(file, module)
    if ('program' in module) for (const name of importsOf(module.program)) waiting.push(...located(files, name, file))
  }
  return found
}

/** @param {string} file @param {string} text @param {boolean} needed @returns {Promise<Module|null>} null: it cannot be read */
async function parsedFile(file, text, needed) {
  try {
    if (file.endsWith('.json')) return { json: fromJson(JSON.parse(text)) }
    return { program: await parseModule(text, /\.[cm]?ts$/.test(file)) }
  } catch (error) {
    if (!needed && (error instanceof SyntaxError || error instanceof Unreadable || error instanceof RangeError)) return null
    throw error
  }
}

/** @param {ProjectFiles} files @param {string} name @param {string} importer @returns {string[]} at most one */
function located(files, name, importer) {
  if (!name.startsWith('./') && !name.startsWith('../')) return []
  const base = path.posix.resolve(path.posix.dirname(importer), name)
  // `./x.js` may mean `./x.ts`.
  const bases = [base, ...(base.endsWith('.js') ? [base.slice(0, -3)] : [])]
  const found = bases.flatMap((one) => ENDINGS.map((ending) => one + ending)).find((file) => files.text(file) !== null)
  return found === undefined ? [] : [found]
}

/** Every static import, and `require` of a literal. @param {any} program @returns {string[]} */
function importsOf(program) {
  /** @type {string[]} */
  const names = []
  const waiting = [program]
  while (waiting.length > 0) {
    const node = waiting.pop()
    if (node.source?.type === 'Literal') names.push(String(node.source.value))
    if (node.type === 'CallExpression' && node.callee.name === 'require') names.push(String(node.arguments[0]?.value))
    for (const child of Object.values(node)) {
      for (const one of Array.isArray(child) ? child : [child]) if (typeof one?.type === 'string') waiting.push(one)
    }
  }
  return names
}

/** @param {Map<string, Module>} modules @param {string} entry @param {Surroundings} at @throws {Unevaluable} */
function evaluated(modules, entry, at) {
  const builtins = builtinModules(at)
  /** @type {Map<string, any>} */
  const namespaces = new Map()
  /** @param {string} name @param {string} importer @param {Interpreter} interpreter @returns {any} */
  const load = (name, importer, interpreter) => {
    const builtin = builtins.get(name.replace(/^node:/, ''))
    if (builtin !== undefined) return builtin
    const file = fileFor(modules, name, importer)
    return file === null ? UNKNOWN : namespaceOf(file, interpreter)
  }
  /** @param {string} file @param {Interpreter} interpreter @returns {any} */
  const namespaceOf = (file, interpreter) => {
    if (namespaces.has(file)) return namespaces.get(file)
    namespaces.set(file, UNKNOWN) // for a circle of imports
    const module = /** @type {Module} */ (modules.get(file))
    const locals = { ...placeOf(file), require: globals(at, (name) => load(name, file, interpreter)).require }
    const made = 'json' in module ? record({ ...module.json, default: module.json }) : interpreter.module(module.program, file, locals)
    namespaces.set(file, made)
    return made
  }
  const interpreter = new Interpreter(globals(at, () => UNKNOWN), load)
  const exported = interpreter.read(namespaceOf(entry, interpreter), 'default')
  return isCallable(exported) ? interpreter.call(exported, [CALL]) : exported
}

/** @param {Map<string, Module>} modules @param {string} name @param {string} importer */
function fileFor(modules, name, importer) {
  if (!name.startsWith('.')) return null
  const base = path.posix.resolve(path.posix.dirname(importer), name)
  const bases = [base, ...(base.endsWith('.js') ? [base.slice(0, -3)] : [])]
  return bases.flatMap((one) => ENDINGS.map((ending) => one + ending)).find((file) => modules.has(file)) ?? null
}
