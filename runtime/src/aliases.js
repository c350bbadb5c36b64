/** The names that a project gives to its folders: of its vite.config, of its tsconfig, and those that everybody uses. Pure. */
import path from 'node:path'
import { isInside, OUTSIDE, PROJECT } from './staticModules.js'

/** @typedef {{find: string|RegExp, replacement: string}} Alias   `replacement` absolute on this machine, or a package */
/** @typedef {import('./tsconfig.js').PathRule} PathRule */
/** @typedef {{treeDir: string, cwd: string}} Place   `cwd`: the Vite root, below `PROJECT` */

/**
 * What an alias stands for.
 * @param {string} given as the config says it @param {Place} at
 * @returns {string|null} absolute, or a package's name; null: it leads out of the project
 */
export function aliasTarget(given, at) {
  const text = given.replace(/^file:\/\//, '')
  if (text.includes('\0') || text.startsWith(OUTSIDE)) return null
  // A session's packages lie elsewhere: what is asked for is the package.
  const inModules = /(?:^|\/)node_modules\/(.+)$/.exec(text)
  if (inModules) return /** @type {string} */ (inModules[1])
  if (/^\.\.?(\/|$)/.test(text)) return real(path.posix.join(at.cwd, text), at)
  if (!path.posix.isAbsolute(text)) return text
  // `/src` is the Vite root's, as in a URL.
  const normal = path.posix.normalize(text)
  return real(isInside(text) ? normal : path.posix.join(at.cwd, normal), at)
}

/** @param {string} file @param {Place} at */
function real(file, at) {
  return isInside(file) ? path.join(at.treeDir, '.') + file.slice(PROJECT.length) : null
}

/**
 * The rules of a tsconfig that Vite's aliases can express. The rest needs to look at what is there, see `pathsPlugin`.
 * @param {PathRule[]} rules @param {Place} at
 * @returns {{aliases: Alias[], rest: PathRule[], refused: string[]}} `rest` with targets absolute on this machine
 */
export function pathAliases(rules, at) {
  /** @type {Alias[]} */
  const aliases = []
  /** @type {PathRule[]} */
  const rest = []
  /** @type {string[]} */
  const refused = []
  for (const { pattern, targets } of rules) {
    // Types in node_modules: the compiler's business.
    const own = targets.filter((target) => !target.includes('/node_modules/'))
    const usable = own.map((target) => real(target, at)).filter((target) => target !== null)
    if (usable.length < own.length) refused.push(pattern)
    const [only] = usable
    if (only !== undefined && usable.length === 1 && isSimple(pattern, only)) aliases.push(pathAlias(pattern, only))
    else if (usable.length > 0) rest.push({ pattern, targets: usable })
  }
  return { aliases, rest, refused }
}

/** @param {string} pattern @param {string} target */
function isSimple(pattern, target) {
  return pattern.includes('*') ? pattern.length > 1 && pattern.endsWith('*') && target.endsWith('*') : true
}

/** @param {string} pattern @param {string} target @returns {Alias} */
function pathAlias(pattern, target) {
  const start = pattern.replace(/\*$/, '').replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  const literal = target.replace(/\*$/, '').replaceAll('$', '$$$$')
  const [tail, rest] = pattern.endsWith('*') ? ['(.*)', '$1'] : ['', '']
  return { find: new RegExp(`^${start}${tail}$`), replacement: literal + rest }
}

/**
 * What generated projects use without saying so anywhere: `@/…` and `~/…` for the source folder, which may appear later,
 * and dfx's `declarations/…`.
 * @param {Alias[]} given those that say so @param {Place} at @returns {Alias[]}
 */
export function defaultAliases(given, at) {
  const root = real(at.cwd, at) ?? at.treeDir
  const isFrontend = path.posix.basename(path.posix.dirname(at.cwd)) === 'src'
  const defaults = [
    { find: '@', replacement: path.join(root, 'src') },
    { find: '~', replacement: path.join(root, 'src') },
    { find: 'declarations', replacement: path.join(root, isFrontend ? '../declarations' : 'src/declarations') },
  ]
  return defaults.filter(({ find }) => !given.some((alias) => matches(alias.find, `${find}/x`)))
}

/** As Vite decides it. @param {string|RegExp} find @param {string} name */
function matches(find, name) {
  if (find instanceof RegExp) return find.test(name)
  return name === find || name.startsWith(find.endsWith('/') ? find : find + '/')
}

/**
 * tsconfig rules of several targets, `*`, and `baseUrl`: the first that is there. A package goes before what `*` and
 * `baseUrl` say of its name, so that `src/utils` does not take the place of a package's own import.
 * @param {PathRule[]} rules targets absolute @param {string|null} baseUrl absolute @returns {import('vite').Plugin}
 */
export function pathsPlugin(rules, baseUrl) {
  const last = [...rules.filter((rule) => rule.pattern === '*'), ...(baseUrl === null ? [] : [{ pattern: '*', targets: [`${baseUrl}/*`] }])]
  const first = rules.filter((rule) => rule.pattern !== '*')
  return {
    name: 'kontext-preview:paths',
    enforce: 'pre',
    async resolveId(source, importer, options) {
      if (importer === undefined || !/^[@\w$~#]/.test(source) || first.length + last.length === 0) return null
      const resolve = (/** @type {string} */ name) => this.resolve(name, importer, { ...options, skipSelf: true })
      for (const target of targetsOf(first, source)) {
        const found = await resolve(target)
        if (found) return found
      }
      const packaged = last.length > 0 ? await resolve(source) : null
      if (packaged) return packaged
      for (const target of targetsOf(last, source)) {
        const found = await resolve(target)
        if (found) return found
      }
      return null
    },
  }
}

/** @param {PathRule[]} rules @param {string} name @returns {string[]} */
function targetsOf(rules, name) {
  return rules.flatMap(({ pattern, targets }) => {
    const [start = '', end] = pattern.split('*')
    if (end === undefined) return pattern === name ? targets : []
    const fits = name.length >= start.length + end.length && name.startsWith(start) && name.endsWith(end)
    return fits ? targets.map((target) => target.replace('*', () => name.slice(start.length, name.length - end.length))) : []
  })
}
