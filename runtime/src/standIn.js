/**
 * The stand-in: a small app in a runtime that nobody owns yet, sent as a whole tree at revision 0 and shown to nobody.
 * It takes Vite, Babel, Tailwind and the usual dependencies through their first run, which is the slow one. When the
 * project comes, all that is the stand-in's must go, and all that is the dependencies' must stay.
 */
import path from 'node:path'

/** @typedef {import('./devServer.js').Layout} Layout */

/** Sent at this revision, a tree is a stand-in; a session's own begin at 1. */
export const STAND_IN_REVISION = 0

/** What Vite keeps beside its module graph, and looks at again only when it hears of the file. */
const REMEMBERED = /(^|\/)(package\.json|[jt]sconfig[\w.-]*\.json)$|(^|\/)public\//

/** @param {string} file tree path */
export const isRemembered = (file) => REMEMBERED.test(file)

/**
 * Whether a running dev server can serve the project: the root is fixed when it starts, and so is a mounted entry.
 * @param {Layout|null} standIn @param {Layout} layout
 */
export function canServe(standIn, layout) {
  return standIn !== null && standIn.root === layout.root && !standIn.mount && !layout.mount
}

/**
 * Takes modules out of Vite's graph as if they had never been loaded. `invalidateAll` would leave their URLs, importers
 * and compiled code of before.
 * @param {import('vite').EnvironmentModuleGraph} graph @param {(mod: import('vite').EnvironmentModuleNode) => boolean} gone
 */
export function forgetModules(graph, gone) {
  const inner = /** @type {any} */ (graph)
  for (const map of [graph.urlToModuleMap, graph.idToModuleMap, graph.etagToModuleMap, inner._unresolvedUrlToModuleMap]) {
    // A promise is a URL that did not resolve: with other files it may.
    for (const [key, mod] of map) if (mod instanceof Promise || gone(mod)) map.delete(key)
  }
  for (const [file, mods] of graph.fileToModulesMap) {
    for (const mod of mods) if (gone(mod)) mods.delete(mod)
    if (mods.size === 0) graph.fileToModulesMap.delete(file)
  }
  for (const mod of graph.idToModuleMap.values()) {
    for (const importer of mod.importers) if (gone(importer)) mod.importers.delete(importer)
  }
  inner._hasResolveFailedErrorModules.clear()
}

/**
 * Tailwind 3 shares its context between equal configs, and a context's stylesheet has every class that it ever saw.
 * @param {NodeJS.Require} load `require` of the Vite root
 */
export function forgetClasses(load) {
  for (const map of Object.values(sharedState(load))) if (map instanceof Map) map.clear()
}

/** @param {NodeJS.Require} load @returns {Record<string, unknown>} empty where the project has another Tailwind */
function sharedState(load) {
  try {
    return load('tailwindcss/lib/lib/sharedState.js')
  } catch (error) {
    const { code } = /** @type {NodeJS.ErrnoException} */ (error)
    if (code === 'MODULE_NOT_FOUND' || code === 'ERR_PACKAGE_PATH_NOT_EXPORTED') return {}
    throw error
  }
}

/** @param {string} dir @returns {(file: string|null) => boolean} whether an absolute path is inside */
export const inside = (dir) => (file) => file !== null && file.startsWith(dir + path.sep)
