/**
 * What Vite emitted for one batch, and what of it may reach the pages. Pure: no Vite, no sockets.
 *
 * A group is the merged message of one batch. It is sent when every module that it makes a page load compiles;
 * until then it is held, and a later batch that mends it releases it. So a page never loses an update that was
 * broken when it was pushed, and never sees a module that cannot load.
 */

/** @typedef {{type: string, path: string, acceptedPath: string, timestamp: number}} Update */
/** @typedef {import('./diagnostics.js').Diagnostic} Diagnostic */

export const STYLESHEET = /\.(css|scss|sass|less|styl|stylus|pcss|postcss)(\?|$)/

export class Group {
  constructor() {
    /** @type {Map<string, Update>} */
    this.updates = new Map()
    this.reload = false
    /** @type {Set<string>} modules that nothing imports any more */
    this.pruned = new Set()
    /** @type {Set<string>} what a page would load besides the updated modules */
    this.loads = new Set()
    /** @type {unknown[]} errors of hooks, before anything was transformed */
    this.errors = []
    /** It has left: what Vite emits for it from now on has to go out by itself. */
    this.sent = false
  }

  /** @param {any} payload of Vite */
  collect(payload) {
    if (payload.type === 'full-reload') this.reload = true
    if (payload.type === 'error') this.errors.push(payload.err)
    if (payload.type === 'prune') for (const path of payload.paths) this.pruned.add(path)
    if (payload.type === 'update') for (const update of payload.updates) this.#add(update)
  }

  /** The later of two updates of one module wins, and takes the later place: its importers come after it. @param {Update} update */
  #add(update) {
    const key = `${update.path}\n${update.acceptedPath}`
    this.updates.delete(key)
    this.updates.set(key, update)
  }

  get empty() {
    return !this.reload && this.updates.size === 0 && this.errors.length === 0
  }

  /** Every update of this group comes again in a later one. @param {Group} later */
  supersededBy(later) {
    return (!this.reload || later.reload) && [...this.updates.keys()].every((key) => later.updates.has(key))
  }

  /** @param {Group} other a later group */
  absorb(other) {
    this.reload ||= other.reload
    for (const update of other.updates.values()) this.#add(update)
    for (const path of other.pruned) this.pruned.add(path)
    for (const url of other.loads) this.loads.add(url)
  }
}

/**
 * The styles of pruned modules go after the update that stopped importing them, never without it.
 * @param {Group} group @returns {{type: 'prune', paths: string[]} | null}
 */
export function prune(group) {
  return group.reload || group.pruned.size === 0 ? null : { type: 'prune', paths: [...group.pruned] }
}

/**
 * The one message that a page gets for the released groups.
 * @param {Group} group @returns {{type: 'full-reload', path: string} | {type: 'update', updates: Update[]} | null}
 */
export function message(group) {
  if (group.reload) return { type: 'full-reload', path: '*' }
  if (group.updates.size > 0) return { type: 'update', updates: [...group.updates.values()] }
  return null
}

/**
 * @param {Group} released what was sent @param {boolean} failed the batch itself does not compile
 * @returns {{kind: 'none'|'css'|'update'|'full-reload'|'error', modules: string[]}}
 */
export function outcome(released, failed) {
  const sent = message(released)
  if (sent === null) return { kind: failed ? 'error' : 'none', modules: [] }
  if (sent.type === 'full-reload') return { kind: 'full-reload', modules: [] }
  const modules = [...new Set(sent.updates.map((u) => u.path))]
  return { kind: modules.every((m) => STYLESHEET.test(m)) ? 'css' : 'update', modules }
}

/**
 * Imported before importer: Vite's client applies the updates of a message in their order.
 * @param {string[]} files @param {(file: string) => Iterable<string>} importsOf files that a file imports
 * @returns {string[]}
 */
export function leafFirst(files, importsOf) {
  const wanted = new Set(files)
  /** @type {Set<string>} */
  const seen = new Set()
  /** @type {string[]} */
  const order = []
  /** @param {string} file */
  const visit = (file) => {
    if (seen.has(file)) return
    seen.add(file)
    for (const imported of importsOf(file)) if (wanted.has(imported)) visit(imported)
    order.push(file)
  }
  files.forEach(visit)
  return order
}
