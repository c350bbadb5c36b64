/**
 * The state of one session: its tree, its dev server, its phase. Batches run one after the other; the revision and
 * digest that are reported are those of files on disk that Vite has been told about.
 */
import crypto from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { diagnose, errorPayload, Folders } from './diagnostics.js'
import { declared } from './hints.js'
import { lateError } from './lateError.js'
import { log } from './log.js'
import { dependenciesOf, manifestText } from './packages/manifest.js'
import { isPending, Packages } from './packages/packages.js'
import { check } from './readiness.js'
import { filesDir } from './sessionFolder.js'
import { canServe, STAND_IN_REVISION } from './standIn.js'
import { Tree, treeDigest } from './tree.js'

/** @typedef {import('./tree.js').FileContent} FileContent */
/** @typedef {import('./devServer.js').DevServer} DevServer */
/** @typedef {import('./devServer.js').Layout} Layout */
/** @typedef {import('./diagnostics.js').Diagnostic} Diagnostic */
/** @typedef {import('./diagnostics.js').Warning} Warning */
/** @typedef {{revision: number, digest: string, layout: Layout, files: FileContent[]}} PutFiles */
/** @typedef {{baseRevision: number, baseDigest: string, revision: number, digest: string, layout: Layout, put: FileContent[], delete: string[]}} PatchFiles */
/** @typedef {{revision: number, digest: string, hmr: {kind: string, modules: string[], durationMs: number}, diagnostics: Diagnostic[], warnings: Warning[]}} Outcome */

/** The message does not fit what the session has: 409. */
export class Mismatch extends Error {
  /** @param {'REVISION_MISMATCH'|'DIGEST_MISMATCH'} code @param {string} text */
  constructor(code, text) {
    super(text)
    this.code = code
  }
}

/** The runtime is one session's for good: 409. */
export class InUse extends Error {}

/**
 * Why a message does not fit what is here, null when it does. Pure.
 *
 * Never back: of two senders one may push the newest patch while the other hydrates with what it read a moment before.
 * The same revision with another digest is taken: what is here was damaged.
 * @param {{revision: number, digest: string, layout: Layout|null}} here `layout` null: nothing is served yet
 * @param {Pick<PutFiles, 'revision'> | Pick<PatchFiles, 'revision'|'baseRevision'|'baseDigest'>} message
 */
export function misfit(here, message) {
  if ('baseRevision' in message) {
    const isBase = here.layout !== null && message.baseRevision === here.revision && message.baseDigest === here.digest
    if (!isBase) return `this runtime is at revision ${here.revision}: send the whole tree`
  }
  return here.layout !== null && message.revision < here.revision ? `this runtime is at revision ${here.revision} already` : null
}

export class Session {
  /**
   * @param {object} options
   * @param {import('./settings.js').Settings} options.settings
   * @param {import('./crashNote.js').CrashNote} options.note
   * @param {(payload: any) => void} options.observe
   */
  constructor({ settings, note, observe }) {
    this.settings = settings
    this.note = note
    this.observe = observe
    this.tree = new Tree(filesDir(settings.sessionDir))
    this.packages = new Packages({ settings, observe, came: (replaced) => this.#serialised(() => this.#packagesCame(replaced)) })
    this.revision = 0
    this.digest = treeDigest([])
    /** @type {Layout|null} */
    this.layout = null
    /** @type {DevServer|null} */
    this.current = null
    /** What is served is no session's yet: nobody gets to see it. */
    this.standIn = false
    /** There is no dev server yet: it starts once the packages are there that the project declares. */
    this.waits = false
    /** Dependencies are bundled for this session alone: it has packages that the catalogue's bundle was made without. */
    this.ownBundle = false
    this.ready = false
    this.failed = false
    this.restarts = 0
    /** Page load, or an open page that was shown, epoch milliseconds; 0: nobody has looked yet. Its own start is no sign of a user. */
    this.lastActivityAt = 0
    /** Marks our own requests for the page: a self-check is nobody's visit. */
    this.selfCheckMark = crypto.randomUUID()
    /** @type {Diagnostic|null} */
    this.lastError = null
    /** How often session code threw after its call had returned. */
    this.lateErrors = 0
    /** @type {Promise<unknown>} */
    this.queue = Promise.resolve()
    /** @type {Set<() => void>} */
    this.waiters = new Set()
    /** @type {{addresses: import('./loopback.js').Address[], port: number}} of the preview, set once it listens */
    this.listening = { addresses: [], port: 0 }
  }

  get phase() {
    if (this.failed) return 'Failed'
    return this.ready ? 'Ready' : 'Starting'
  }

  touch() {
    this.lastActivityAt = Date.now()
  }

  /** @returns {DevServer|null} the dev server, if it serves the session's own files */
  get shown() {
    return this.standIn ? null : this.current
  }

  /** @param {number} ms @returns {Promise<DevServer|null>} the dev server, as soon as one serves; null after `ms` */
  async serving(ms) {
    if (this.shown !== null) return this.shown
    /** @type {(() => void)|undefined} */
    let wake
    await Promise.race([
      new Promise((resolve) => { setTimeout(resolve, ms).unref() }),
      new Promise((resolve) => { wake = () => resolve(undefined); this.waiters.add(wake) }),
    ])
    if (wake) this.waiters.delete(wake)
    return this.shown
  }

  /**
   * From now on the runtime of another session, whose files come next. Only what was shown to nobody moves: everything that
   * one session's code may have left here stays with that session.
   * @param {string} host of the public address @returns {Promise<void>} @throws {InUse}
   */
  move(host) {
    return this.#serialised(async () => {
      const { settings } = this
      if (host === settings.publicUrl.hostname) return
      const isNobodys = this.tree.hashes.size === 0 || (this.standIn && this.layout !== null)
      if (!isNobodys) throw new InUse('this runtime has files of a session')
      const publicUrl = new URL(settings.publicUrl)
      publicUrl.hostname = host
      settings.publicUrl = publicUrl
      await this.current?.moved()
    })
  }

  /** @param {PutFiles} message @returns {Promise<Outcome>} @throws {Mismatch} */
  put(message) {
    return this.#serialised(async () => {
      const keep = new Set(message.files.map((f) => f.path))
      const remove = [...this.tree.hashes.keys()].filter((name) => !keep.has(name))
      return this.#apply(message, message.files, remove)
    })
  }

  /** @param {PatchFiles} message @returns {Promise<Outcome>} @throws {Mismatch} */
  patch(message) {
    return this.#serialised(() => this.#apply(message, message.put, message.delete))
  }

  /**
   * @param {PutFiles|PatchFiles} target @param {FileContent[]} put @param {string[]} remove
   * @returns {Promise<Outcome>} @throws {Mismatch}
   */
  async #apply(target, put, remove) {
    const started = performance.now()
    const wrong = misfit(this, target)
    if (wrong !== null) throw new Mismatch('REVISION_MISMATCH', wrong)
    const plan = this.tree.plan(put, remove)
    if (treeDigest(plan.hashes) !== target.digest) {
      throw new Mismatch('DIGEST_MISMATCH', 'the files do not have the digest that the message promises')
    }
    const change = this.tree.write(plan)
    const { lateErrors } = this
    const told = await this.note.during(() => this.#tell(change, target)).catch((error) => {
      // The files are on disk and Vite does not know: only a whole tree and a new dev server bring the two together.
      this.layout = null
      throw error
    })
    this.revision = target.revision
    this.digest = target.digest
    const result = this.#withPackages(told)
    this.#remember(result, lateErrors)
    return {
      revision: target.revision,
      digest: target.digest,
      hmr: { kind: result.kind, modules: result.modules, durationMs: Math.round((performance.now() - started) * 10) / 10 },
      diagnostics: result.diagnostics,
      // All that stand: the caller of the batch that caused one may not have waited for the answer.
      warnings: [...this.current?.warnings ?? [], ...this.packages.warnings],
    }
  }

  /** @param {import('./tree.js').Change} change @param {PutFiles|PatchFiles} target */
  async #tell(change, { layout, revision }) {
    const dev = this.current
    const first = this.layout === null || this.standIn
    const same = !first && JSON.stringify(this.layout) === JSON.stringify(layout)
    const touched = change.added.length + change.changed.length + change.removed.length > 0
    if ((first || this.waits) && revision > STAND_IN_REVISION && this.#lacksPackages(layout)) return this.#wait(layout)
    const replaceable = dev !== null && this.standIn && canServe(this.layout, layout)
    this.layout = layout
    const outdated = dev !== null && touched && await dev.outdated(change)
    if (replaceable && revision > STAND_IN_REVISION && !outdated) return this.#replace(dev, change, layout)
    // Nothing is awaited from here to where the old server is put away: a page would get the stand-in's.
    this.standIn = revision === STAND_IN_REVISION
    if (dev !== null && same && !outdated) {
      return touched ? this.#update(dev, change) : { kind: /** @type {const} */ ('none'), modules: [], diagnostics: [] }
    }
    return this.#restart(layout, first)
  }

  /**
   * Starts to install what the project declares, imports and lacks. Before the dev server starts: it would compile up to the
   * first import that fails, bundle all of the catalogue again for the packages, and lose a page in between.
   * @param {Layout} layout
   */
  #lacksPackages(layout) {
    const root = path.join(this.tree.dir, layout.root)
    const manifest = dependenciesOf(manifestText(this.tree.dir, root))
    this.packages.review(declared(path.join(root, 'src'), manifest, this.tree.dir), manifest)
    return this.packages.busy
  }

  /** Until `#packagesCame`: pages say what is going on. @param {Layout} layout */
  async #wait(layout) {
    const { current } = this
    this.layout = layout
    this.standIn = false
    this.waits = true
    this.ready = false
    this.current = null
    await current?.close()
    return { kind: /** @type {const} */ ('none'), modules: [], diagnostics: [] }
  }

  /** An update of package.json alone compiles as before; what it sets going is told all the same. @template {{diagnostics: Diagnostic[]}} T @param {T} result @returns {T} */
  #withPackages(result) {
    return { ...result, diagnostics: [...result.diagnostics, ...this.packages.unexplained(result.diagnostics)] }
  }

  /**
   * An installation is over, whatever came of it. A package that replaces another one needs a new dev server: everything
   * that was bundled with the old one has to be bundled again.
   * @param {boolean} replaced
   */
  async #packagesCame(replaced) {
    const { current: dev, layout, lateErrors } = this
    if (layout === null || this.packages.closed) return
    const told = await this.note.during(async () => {
      if (this.waits) return this.#restart(layout, true, true)
      if (dev === null) return { diagnostics: [] }
      if (replaced) return this.#restart(layout, false, true)
      const result = await dev.retry()
      if (!this.ready) await this.#verify(dev, result.diagnostics.length === 0)
      return result
    })
    this.#remember(this.#withPackages(told), lateErrors)
  }

  /** @param {DevServer} dev @param {import('./tree.js').Change} change */
  async #update(dev, change) {
    const result = await dev.apply(change)
    // Not ready so far: this may have been the fix.
    if (!this.ready) await this.#verify(dev, result.diagnostics.length === 0)
    return result
  }

  /**
   * The session's first files in the place of the stand-in's. From the moment that nothing is left of those, pages are
   * served while the rest is compiled.
   * @param {DevServer} dev @param {import('./tree.js').Change} change @param {Layout} layout
   */
  async #replace(dev, change, layout) {
    this.ready = false
    const problems = await dev.replace(layout, change)
    this.standIn = false
    this.#wake()
    const diagnostics = await this.#settle(dev, problems)
    return { kind: /** @type {const} */ ('none'), modules: [], diagnostics }
  }

  /**
   * A new dev server behind the same port and sockets.
   * @param {Layout} layout @param {boolean} first
   * @param {boolean} [cold] what was bundled before is of no use: packages came
   */
  async #restart(layout, first, cold = false) {
    const old = this.current
    this.current = null
    this.ready = false
    this.waits = false
    this.ownBundle ||= cold && this.packages.folder.installed.size > 0
    await old?.close()
    if (!first) this.restarts += 1
    // Vite is large: the ports listen, and the probes answer, before it is loaded.
    const { DevServer } = await import('./devServer.js')
    const dev = new DevServer({
      treeDir: this.tree.dir, layout, settings: this.settings, note: this.note, installs: this.packages, ownBundle: this.ownBundle,
      observe: this.observe, seen: () => this.touch(),
    })
    fs.mkdirSync(dev.root, { recursive: true })
    // In a folder of the new project Tailwind would take the bundles of the old one for its sources.
    if (old && old.root !== dev.root) old.forgetCache()
    if (cold) dev.forgetBundles()
    try {
      const problems = await dev.start()
      this.failed = false
      this.current = dev
      this.#wake()
      const diagnostics = await this.#settle(dev, problems)
      if (!first && diagnostics.length === 0) this.observe({ type: 'full-reload', path: '*' })
      return { kind: /** @type {'none'|'restart'} */ (first ? 'none' : 'restart'), modules: [], diagnostics }
    } catch (error) {
      this.failed = true
      this.#wake()
      log('error', 'the dev server does not start')
      return { kind: /** @type {const} */ ('error'), modules: [], diagnostics: [diagnose(error, this.#folders(layout))] }
    }
  }

  /**
   * Compiles everything, sees to what is missing, and looks whether a page works.
   * @param {DevServer} dev @param {Diagnostic[]} problems of its start @returns {Promise<Diagnostic[]>}
   */
  async #settle(dev, problems) {
    const diagnostics = await dev.warm(problems)
    await this.#verify(dev, diagnostics.length === 0)
    diagnostics.filter((d) => !isPending(d)).forEach((d) => this.observe(errorPayload(d)))
    return diagnostics
  }

  /** @param {DevServer} dev @param {boolean} compiles */
  async #verify(dev, compiles) {
    // A page that works without what is being installed works for a moment only.
    if (this.packages.installing.length > 0) return
    const missing = await check({
      ...this.listening,
      host: this.settings.publicUrl.host,
      token: dev.vite.config.webSocketToken,
      mark: this.selfCheckMark,
      entryUrl: dev.entryUrl,
      compiles,
      stylesheets: () => dev.stylesheets().map((mod) => mod.url),
    }).catch((error) => `the self-check fails: ${error instanceof Error ? error.message : error}`)
    this.ready = missing === null
    if (missing !== null) log('warning', 'not ready', { missing })
  }

  /**
   * What session code threw after its call had returned. It stands until the next batch compiles.
   * @param {unknown} error @returns {boolean} whether it is news: a timer may throw a thousand times per second
   */
  reportLater(error) {
    const found = lateError(error, this.#folders(this.layout))
    if (found === null) return false
    this.lateErrors += 1
    if (found.message === this.lastError?.message) return false
    this.lastError = found
    this.observe(errorPayload(found))
    return true
  }

  /** @param {Layout|null} layout */
  #folders(layout) {
    const { sessionDir, catalogueDir } = this.settings
    return new Folders({ root: path.join(this.tree.dir, layout?.root ?? ''), tree: this.tree.dir, hidden: [sessionDir, catalogueDir] })
  }

  /**
   * An error stands until nothing is held back any more.
   * @param {{diagnostics: Diagnostic[]}} result @param {number} lateErrors as many as there were before the batch
   */
  #remember({ diagnostics }, lateErrors) {
    const [error] = diagnostics.filter((d) => !isPending(d))
    if (diagnostics.length > 0) this.lastError = error ?? null
    else if (this.current?.held.length === 0 && this.lateErrors === lateErrors) this.lastError = null
  }

  /** @template T @param {() => Promise<T>} work @returns {Promise<T>} */
  #serialised(work) {
    const result = this.queue.then(work)
    this.queue = result.catch(() => undefined)
    return result
  }

  #wake() {
    for (const wake of this.waiters) wake()
    this.waiters.clear()
  }

  /** Waits for the batch that runs, then stops. */
  async close() {
    this.packages.close()
    await this.queue
    await this.current?.close()
    this.current = null
  }
}
