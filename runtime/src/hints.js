/**
 * What a page is going to load, told to the browser in the page itself (`modulepreload`), so that it need not find out
 * module by module. Only what it would load anyway: the module graph as far as Vite knows it, and, for a project that is
 * still being compiled, the pre-bundled packages that its sources name.
 */
import fs from 'node:fs'
import path from 'node:path'
import { packageOf } from './packages/names.js'

/** @typedef {import('vite').EnvironmentModuleNode} Module */

/** Static imports; one of types only names a package that the page may never load. */
const IMPORT = /^\s*(?:import|export)\s+(?!type\b)(?:[^'"]*?\bfrom\s*)?['"]([^'"./][^'"]*)['"]/gm
const DYNAMIC_IMPORT = /\bimport\(\s*['"]([^'"./][^'"]*)['"]\s*\)/g
const SOURCE = /\.[cm]?[jt]sx?$/
/** Generated data, not code: the few imports of code stand in smaller files. */
const MAX_SOURCE_BYTES = 128 * 1024
/** Some 60 typical projects' worth; what is not looked at is found by the browser. */
const MAX_FILES = 1000
/** Imports stand at the top; a bundle can have a megabyte below them. Vite's graph does not tell them from `import()`. */
const HEAD_CHARACTERS = 32 * 1024
/** A page with more modules than this has a graph that is no longer worth repeating in its HTML. */
const MAX_HINTS = 400

/** @param {string} code @returns {string[]} packages, as imported, of the static imports in a source file */
export function packagesIn(code) {
  return [...code.matchAll(IMPORT)].map((found) => /** @type {string} */ (found[1])).filter((name) => !name.startsWith('@/'))
}

/**
 * @param {string} dir absolute @returns {Map<string, string>} packages, as imported, that the source files in a folder name,
 *   and a file (absolute) that does; none without the folder
 * @param {(code: string) => string[]} [find]
 */
export function packagesBelow(dir, find = packagesIn) {
  /** @type {Map<string, string>} */
  const found = new Map()
  if (!fs.existsSync(dir)) return found
  for (const name of fs.readdirSync(dir, { recursive: true, encoding: 'utf8' }).filter((file) => SOURCE.test(file)).slice(0, MAX_FILES)) {
    const file = path.join(dir, name)
    const stat = fs.statSync(file)
    if (stat.isFile() && stat.size <= MAX_SOURCE_BYTES) find(fs.readFileSync(file, 'utf8')).forEach((id) => found.set(id, file))
  }
  return found
}

/** @param {string} code @returns {string[]} with those of dynamic imports */
const allPackagesIn = (code) => [...packagesIn(code), ...[...code.matchAll(DYNAMIC_IMPORT)].map((found) => /** @type {string} */ (found[1]))]

/**
 * Packages that sources import and the manifest declares, which are surely meant.
 * @param {string} dir absolute, of sources @param {ReadonlyMap<string, string>} manifest @param {string} treeDir absolute
 * @returns {Map<string, string>} package -> tree path of a file that imports it
 */
export function declared(dir, manifest, treeDir) {
  const named = [...packagesBelow(dir, allPackagesIn)].map(([id, file]) => /** @type {const} */ ([packageOf(id), path.relative(treeDir, file)]))
  return new Map(named.flatMap(([name, file]) => (name !== null && manifest.has(name) ? [[name, file]] : [])))
}

/**
 * @param {import('vite').EnvironmentModuleGraph} graph @param {Iterable<string>} roots URLs
 * @returns {string[]} the roots and all that they import statically, as far as it is known, from what is needed first
 */
export function reachable(graph, roots) {
  const urls = new Set(roots)
  for (const url of urls) {
    if (urls.size >= MAX_HINTS) break
    const mod = graph.urlToModuleMap.get(url)
    const head = codeOf(mod).slice(0, HEAD_CHARACTERS)
    for (const imported of mod?.importedModules ?? []) {
      if (names(head, imported.url)) urls.add(imported.url)
    }
  }
  return [...urls].map((url) => named(graph.urlToModuleMap.get(url), url))
}

/**
 * As it is, or with the time of a change. An image is another URL for an importer (`?import`) than for an element: as a
 * module its own URL is an error, and spoils the element's.
 * @param {string} code @param {string} url
 */
function names(code, url) {
  return ['from', 'import'].some((word) => ['"', '?t=', '&t='].some((end) => code.includes(`${word} "${url}${end}`)))
}

/** What it imports is the same while Vite has yet to write the times of changes into it. @param {Module|undefined} mod */
function codeOf(mod) {
  const known = mod?.transformResult ?? /** @type {any} */ (mod)?.invalidationState
  return known && typeof known === 'object' ? known.code : ''
}

/** As the page and importers name it: Vite adds the time of its last change. @param {Module|undefined} mod @param {string} url */
function named(mod, url) {
  if (!mod || mod.lastHMRTimestamp === 0) return url
  return `${url}${url.includes('?') ? '&' : '?'}t=${mod.lastHMRTimestamp}`
}

/**
 * @param {import('vite').DevEnvironment} environment @param {Iterable<string>} packages
 * @returns {string[]} URLs of those of the packages that are pre-bundled
 */
export function prebundled(environment, packages) {
  const optimizer = environment.depsOptimizer
  if (!optimizer) return []
  const { root } = environment.config
  return [...packages].flatMap((id) => {
    const dep = optimizer.metadata.optimized[id]
    return dep ? ['/' + path.relative(root, optimizer.getOptimizedDepId(dep))] : []
  })
}
