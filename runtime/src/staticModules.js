/**
 * What a config may import and call and what we know without running it: paths, URLs, JSON, Vite's own helpers, the
 * project's environment. All of it is about the project as it would look in `/project`: no folder of this machine and
 * nothing of this process's environment can get into a value.
 */
import path from 'node:path'
import { Builtin, isPrimitive, isRecord, markPartial, record, textOf, UNKNOWN, Unknown } from './staticKinds.js'

/** @typedef {import('./staticValue.js').Interpreter} Interpreter */

/** What a look at the disk costs in steps: as much as anybody's config does in all. */
const READ_STEPS = 1000

/** Where the tree seems to lie. */
export const PROJECT = '/project'
/** What leads out of the project begins with this. */
export const OUTSIDE = '/outside-the-project'

/**
 * @typedef {object} Surroundings   what a config sees of its project; paths below `PROJECT`
 * @property {string} cwd
 * @property {Record<string, any>} env   `process.env`; a config may write into it
 * @property {(dir: string) => Record<string, string>} envFiles   all values of the `.env` files of a folder
 * @property {(file: string) => string|null} text   a file of the project
 * @property {number} now   epoch milliseconds
 */

/** @param {string} file */
export const isInside = (file) => file === PROJECT || file.startsWith(PROJECT + '/')

/**
 * A path that was made of the project's and left it is marked: it could look like a path from the root otherwise.
 * @param {string} result @param {string[]} from
 */
function placed(result, from) {
  const left = isInside(result) || result.startsWith(OUTSIDE) ? false : from.some(isInside)
  return left && path.posix.isAbsolute(result) ? OUTSIDE + result : result
}

/** A builtin of texts: unknown when one of them is. @param {(args: string[], interpreter: Interpreter) => any} work */
function ofTexts(work) {
  return new Builtin((args, interpreter) => (args.every((arg) => typeof arg === 'string') ? work(args, interpreter) : UNKNOWN))
}

/** @param {Surroundings} at @param {(specifier: string) => any} load `require` for the file @returns {Record<string, any>} */
export function globals(at, load) {
  const url = urlBuiltin()
  return {
    __proto__: null,
    ...valueGlobals(at.now),
    URL: url,
    process: processOf(at),
    require: new Builtin(([name]) => (typeof name === 'string' ? load(name) : UNKNOWN)),
  }
}

/** What a module knows of its own place. @param {string} file below `PROJECT` */
export function placeOf(file) {
  const dirname = path.posix.dirname(file)
  return {
    __dirname: dirname,
    __filename: file,
    'import.meta': record({ url: `file://${encodeURI(file)}`, dirname, filename: file }),
  }
}

/** @param {Surroundings} at @returns {any} */
function processOf({ cwd, env }) {
  return record({ cwd: new Builtin(() => cwd), env, platform: UNKNOWN, argv: UNKNOWN })
}

/** @param {number} now */
function valueGlobals(now) {
  return {
    JSON: record({
      stringify: new Builtin(([value], interpreter) => stringify(value, interpreter)),
      parse: ofTexts(([text = ''], interpreter) => parseJson(text, interpreter)),
    }),
    Object: record({
      keys: ofWhole(Object.keys),
      values: ofWhole(Object.values),
      entries: ofWhole(Object.entries),
      fromEntries: new Builtin(([list], interpreter) => fromEntries(list, interpreter)),
      assign: new Builtin(([into, ...more], interpreter) => assign(into, more, interpreter)),
      freeze: new Builtin(([value]) => value),
    }),
    Array: record({ isArray: new Builtin(([value]) => (value instanceof Unknown ? UNKNOWN : Array.isArray(value))) }),
    String: new Builtin(([value]) => textOf(value)),
    Number: new Builtin(([value]) => (isPrimitive(value) ? Number(value) : UNKNOWN)),
    Boolean: new Builtin(([value]) => (value instanceof Unknown ? UNKNOWN : Boolean(value))),
    parseInt: new Builtin(([value, radix]) => (isPrimitive(value) ? parseInt(String(value), radix) : UNKNOWN)),
    globalThis: UNKNOWN,
    // The same moment each time the config is read: time alone changes no value.
    Date: new Builtin(() => UNKNOWN, {
      now: new Builtin(() => now),
      new: new Builtin((args) => (args.length === 0 ? new Date(now) : UNKNOWN)),
    }),
  }
}

/** @param {any} value */
const isWhole = (value) => (isRecord(value) && Object.getOwnPropertySymbols(value).length === 0) || Array.isArray(value)

/** @param {(value: any) => any[]} work */
function ofWhole(work) {
  return new Builtin(([value], interpreter) => {
    if (!isWhole(value)) return UNKNOWN
    const list = work(value)
    interpreter.charge(list.length)
    return list
  })
}

/** @param {any} list @param {Interpreter} interpreter */
function fromEntries(list, interpreter) {
  if (!Array.isArray(list)) return UNKNOWN
  interpreter.charge(list.length)
  const made = record()
  for (const entry of list) {
    if (Array.isArray(entry) && isPrimitive(entry[0])) made[String(entry[0])] = entry[1]
    else markPartial(made)
  }
  return made
}

/** @param {any} into @param {any[]} more @param {Interpreter} interpreter */
function assign(into, more, interpreter) {
  if (!isRecord(into)) return UNKNOWN
  for (const one of more) {
    interpreter.charge(isRecord(one) ? Object.keys(one).length : 1)
    if (isRecord(one)) Object.assign(into, one)
    else if (!isPrimitive(one)) markPartial(into)
  }
  return into
}

/** @param {string} text @param {Interpreter} interpreter */
function parseJson(text, interpreter) {
  interpreter.charge(text.length >> 2)
  try {
    return fromJson(JSON.parse(text))
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return UNKNOWN
    throw error
  }
}

/** @param {any} value of `JSON.parse` @returns {any} */
export function fromJson(value) {
  if (Array.isArray(value)) return value.map(fromJson)
  if (value === null || typeof value !== 'object') return value
  return record(Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, fromJson(inner)])))
}

/** Of a copy, because what is here may hold itself. @param {any} value @param {Interpreter} interpreter */
function stringify(value, interpreter) {
  const copy = plain(value, interpreter, 0)
  return copy instanceof Unknown ? UNKNOWN : JSON.stringify(copy)
}

/** Nobody configures anything deeper. */
const COPY_DEPTH = 40

/** @param {any} value @param {Interpreter} interpreter @param {number} depth @returns {any} unknown when a part of it is */
function plain(value, interpreter, depth) {
  interpreter.charge(1 + (typeof value === 'string' ? value.length >> 6 : 0))
  if (isPrimitive(value) && typeof value !== 'bigint') return value
  if (value instanceof Date) return value.toISOString()
  if (value instanceof URL) return value.href
  if (depth > COPY_DEPTH || !isWhole(value)) return UNKNOWN
  const entries = Object.entries(value).map(([key, inner]) => /** @type {[string, any]} */ ([key, plain(inner, interpreter, depth + 1)]))
  if (entries.some(([, inner]) => inner instanceof Unknown)) return UNKNOWN
  return Array.isArray(value) ? entries.map(([, inner]) => inner) : record(Object.fromEntries(entries))
}

function urlBuiltin() {
  return new Builtin(() => UNKNOWN, {
    new: new Builtin(([relative, base]) => {
      const from = base instanceof URL ? base.href : base
      if (typeof relative !== 'string' || !(from === undefined || typeof from === 'string') || !URL.canParse(relative, from)) return UNKNOWN
      const made = new URL(relative, from)
      if (made.protocol === 'file:' && from?.startsWith('file:')) made.pathname = placed(made.pathname, [new URL(from).pathname])
      return made
    }),
  })
}

/** @param {Surroundings} at @returns {Map<string, any>} module name without `node:` -> namespace */
export function builtinModules(at) {
  const paths = pathModule(at.cwd)
  const urls = record({
    fileURLToPath: new Builtin(([url]) => filePath(url)),
    pathToFileURL: ofTexts(([file]) => (URL.canParse(`file://${file}`) ? new URL(`file://${file}`) : UNKNOWN)),
    URL: urlBuiltin(),
  })
  const files = fileModule(at)
  const vite = record({
    defineConfig: new Builtin(([config]) => config),
    mergeConfig: new Builtin(([a, b], interpreter) => merge(a, b, interpreter)),
    loadEnv: new Builtin(([, dir, prefixes = 'VITE_'], interpreter) => loadEnv(at, dir, prefixes, interpreter)),
    normalizePath: ofTexts(([file = '']) => path.posix.normalize(file)),
    searchForWorkspaceRoot: new Builtin(() => at.cwd),
  })
  return new Map(Object.entries({
    path: record({ ...paths, default: paths, posix: paths }),
    'path/posix': record({ ...paths, default: paths }),
    url: record({ ...urls, default: urls }),
    fs: record({ ...files, default: files }),
    vite: record({ ...vite, default: vite }),
    'vitest/config': vite,
    process: record({ ...processOf(at), default: processOf(at) }),
    module: record({ createRequire: new Builtin(() => requireAt(at.cwd)) }),
    dotenv: dotenvModule(at),
    'dotenv/config': record(),
    'vite-plugin-environment': record({ default: new Builtin(([names, options], interpreter) => environmentPlugin(at, names, options, interpreter)) }),
  }))
}

/** @param {string} dir below `PROJECT` */
function requireAt(dir) {
  return new Builtin(([name], interpreter) => (typeof name === 'string' ? interpreter.load(name, `${dir}/-`, interpreter) : UNKNOWN))
}

/** @param {string} cwd */
function pathModule(cwd) {
  return record({
    resolve: ofTexts((parts) => {
      const from = parts.filter((part) => path.posix.isAbsolute(part)).at(-1) ?? cwd
      return placed(path.posix.resolve(cwd, ...parts), [from])
    }),
    join: ofTexts((parts) => placed(path.posix.join(...parts), parts)),
    normalize: ofTexts(([file = '']) => placed(path.posix.normalize(file), [file])),
    dirname: ofTexts(([file = '']) => placed(path.posix.dirname(file), [file])),
    basename: ofTexts(([file = '', end]) => path.posix.basename(file, end)),
    extname: ofTexts(([file = '']) => path.posix.extname(file)),
    relative: ofTexts(([from = '', to = '']) => path.posix.relative(path.posix.resolve(cwd, from), path.posix.resolve(cwd, to))),
    sep: '/',
  })
}

/** @param {any} url @returns {any} */
function filePath(url) {
  const text = url instanceof URL ? url.href : url
  if (typeof text !== 'string' || !text.startsWith('file://') || !URL.canParse(text)) return UNKNOWN
  try {
    return decodeURIComponent(new URL(text).pathname)
  } catch (error) {
    if (error instanceof URIError) return UNKNOWN
    throw error
  }
}

/** @param {Surroundings} at */
function fileModule(at) {
  const within = (/** @type {any} */ name) => {
    const file = name instanceof URL ? filePath(name) : name
    return typeof file === 'string' ? path.posix.resolve(at.cwd, file) : null
  }
  return record({
    readFileSync: new Builtin(([name, how], interpreter) => {
      interpreter.charge(READ_STEPS)
      const file = within(name)
      const encoded = typeof how === 'string' || (isRecord(how) && typeof how.encoding === 'string')
      return (file !== null && encoded ? at.text(file) : null) ?? UNKNOWN
    }),
    existsSync: new Builtin(([name], interpreter) => {
      interpreter.charge(READ_STEPS)
      const file = within(name)
      // A folder is not told from nothing.
      return file !== null && at.text(file) !== null ? true : UNKNOWN
    }),
  })
}

/** @param {Surroundings} at @param {any} dir @param {any} prefixes @param {Interpreter} interpreter */
function loadEnv(at, dir, prefixes, interpreter) {
  interpreter.charge(READ_STEPS)
  const wanted = Array.isArray(prefixes) ? prefixes : [prefixes]
  if (typeof dir !== 'string' || !wanted.every((prefix) => typeof prefix === 'string')) return UNKNOWN
  const all = { ...at.env, ...at.envFiles(path.posix.resolve(at.cwd, dir)) }
  return record(Object.fromEntries(Object.entries(all).filter(([key]) => wanted.some((prefix) => key.startsWith(prefix)))))
}

/** `dotenv.config({path})` puts a file's values into `process.env`, where they are not yet. @param {Surroundings} at */
function dotenvModule(at) {
  const config = new Builtin(([options], interpreter) => {
    interpreter.charge(READ_STEPS)
    const file = isRecord(options) && typeof options.path === 'string' ? options.path : '.env'
    const parsed = record(at.envFiles(path.posix.dirname(path.posix.resolve(at.cwd, file))))
    for (const [key, value] of Object.entries(parsed)) at.env[key] ??= value
    return record({ parsed })
  })
  return record({ config, default: record({ config }) })
}

/**
 * The plugin of dfx's templates: `environment('all', {prefix: 'CANISTER_'})` defines `process.env.CANISTER_…`.
 * @param {Surroundings} at @param {any} names `'all'`, a list, or an object of defaults @param {any} options
 * @param {Interpreter} interpreter
 */
function environmentPlugin(at, names, options, interpreter) {
  const prefix = isRecord(options) && typeof options.prefix === 'string' ? options.prefix : 'VITE_'
  const into = isRecord(options) && typeof options.defineOn === 'string' ? options.defineOn : 'process.env'
  const defaults = isRecord(names) ? names : record()
  const all = Object.keys(at.env).filter((key) => key.startsWith(prefix))
  const keys = names === 'all' ? all : Array.isArray(names) ? names : Object.keys(defaults)
  const define = record()
  interpreter.charge(keys.length + READ_STEPS)
  for (const key of keys) if (typeof key === 'string') define[`${into}.${key}`] = JSON.stringify(at.env[key] ?? defaults[key] ?? null)
  return record({ name: 'environment', define })
}

/** As Vite's `mergeConfig`. @param {any} a @param {any} b @param {Interpreter} interpreter @param {string} [at] key @returns {any} */
function merge(a, b, interpreter, at) {
  if (a === undefined || a === null) return b
  if (b === undefined || b === null) return a
  interpreter.charge(1 + sizeOf(a) + sizeOf(b))
  if (at === 'alias') return [...aliasList(b), ...aliasList(a)]
  if (Array.isArray(a) || Array.isArray(b)) return [a, b].flat()
  if (!isRecord(a) || !isRecord(b)) return b
  const merged = record({ ...a })
  for (const key of Object.keys(b)) merged[key] = merge(a[key], b[key], interpreter, key)
  if (!isWhole(a) || !isWhole(b)) markPartial(merged)
  return merged
}

/** @param {any} value */
const sizeOf = (value) => (isRecord(value) || Array.isArray(value) ? Object.keys(value).length : 0)

/** @param {any} alias @returns {any[]} */
function aliasList(alias) {
  if (Array.isArray(alias)) return alias
  return isRecord(alias) ? Object.entries(alias).map(([find, replacement]) => record({ find, replacement })) : [alias]
}
