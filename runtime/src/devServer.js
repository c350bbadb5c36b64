/**
 * One Vite dev server: started for a tree, told about batches, closed. The only module that knows Vite's insides:
 * the watcher that is never fed by the file system, the module graph, and `hot.send`.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import crypto from 'node:crypto'
import { EventEmitter } from 'node:events'
import fs from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { createServer } from 'vite'
import { clientScript } from './arrivalScript.js'
import { cleanPayload, diagnose, errorPayload, Folders } from './diagnostics.js'
import { early } from './early.js'
import { isErased } from './erasure.js'
import { concerns, fingerprint, readHonoured, withDefaults } from './honoured.js'
import { packagesBelow, prebundled, reachable } from './hints.js'
import { Group, leafFirst, message, outcome, prune, STYLESHEET } from './hmrPass.js'
import { LOADED, loadedScript } from './loadedScript.js'
import { log } from './log.js'
import { Onlookers } from './onlookers.js'
import { bundled } from './packages/bundled.js'
import { Imports } from './packages/imports.js'
import { Inside } from './packages/inside.js'
import { dependenciesOf, manifestText } from './packages/manifest.js'
import { packageOf } from './packages/names.js'
import { isPending } from './packages/packages.js'
import { isStyleConfig, PostcssPlugins } from './postcss.js'
import { forgetClasses, forgetModules, inside, isRemembered } from './standIn.js'
import { storageScript } from './storageScript.js'
import { Tailwind4, tailwind4Plugin } from './tailwind4.js'
import { isClassSource, mayAddClass } from './tailwindClasses.js'
import { VISIBLE, visibleScript } from './visibleScript.js'
import { CLIENT } from './viteClient.js'
import { CACHE, MOUNT_URL, viteConfig } from './viteConfig.js'
import { beat } from './watchdog.js'

/** @typedef {import('./diagnostics.js').Diagnostic} Diagnostic */
/** @typedef {import('./tree.js').Change} Change */
/** @typedef {{root: string, entry: string|null, index: 'project'|'synthesised', mount: boolean}} Layout */

/** Vite answers an event within milliseconds; a plugin that never returns must not block the session's updates for ever. */
const EVENT_TIMEOUT_MS = 10_000

/** What the time is in a project's configuration: always the same, so that time alone restarts nothing. Epoch milliseconds. */
const CONFIG_TIME = Date.now()

/** A walk of the module graph ends here: more modules than any project of ours has. */
const WALK_LIMIT = 20_000

/** Vite's own log repeats file content and paths; what matters of it is in the answers and on the sockets. */
const silent = /** @type {import('vite').Logger} */ ({
  hasWarned: false,
  info: () => {},
  warn: () => {},
  warnOnce: () => {},
  error: () => {},
  clearScreen: () => {},
  hasErrorLogged: () => false,
})

/** @type {AsyncLocalStorage<{group: Group, done: () => void}>} */
const batch = new AsyncLocalStorage()

/** Stands for the number of the page until it is sent. */
const GENERATION = '__KONTEXT_PREVIEW_GENERATION__'

/** The socket of a page and its modules come within this time of each other: an error in between belongs to that page. */
const PAGE_LOAD_MS = 5_000

export class DevServer {
  /**
   * @param {object} options
   * @param {string} options.treeDir absolute folder of the session's files
   * @param {Layout} options.layout
   * @param {import('./settings.js').Settings} options.settings
   * @param {import('./crashNote.js').CrashNote} options.note
   * @param {import('./packages/packages.js').Packages} options.installs
   * @param {boolean} options.ownBundle the catalogue's bundle does not do for this session
   * @param {(payload: any) => void} options.observe gets every payload that leaves, cleaned
   * @param {() => void} options.seen is called when somebody looks at a page, or just did
   */
  constructor({ treeDir, layout, settings, note, installs, ownBundle, observe, seen }) {
    this.treeDir = treeDir
    this.layout = layout
    this.settings = settings
    this.observe = observe
    this.seen = seen
    this.root = path.join(treeDir, layout.root)
    this.folders = new Folders({
      root: this.root, tree: treeDir, hidden: [settings.sessionDir, settings.catalogueDir],
    })
    /** Vite's `upgrade` listener sits here; the sockets module decides what gets through. */
    this.upgrades = new EventEmitter()
    this.tailwind4 = new Tailwind4(this.root, note)
    this.postcss = new PostcssPlugins(note, (file) => this.tailwind4.isFor3(file))
    this.installs = installs
    this.ownBundle = ownBundle
    this.inside = new Inside(path.join(this.root, CACHE, 'from'), `/${CACHE}/from`, {
      packages: installs.folder.dir, catalogue: path.join(settings.catalogueDir, 'node_modules'),
    })
    this.imports = new Imports(treeDir, this.root, this.inside)
    /** What Vite said when it could not bundle the dependencies. @type {unknown} */
    this.bundleError = null
    /** @type {Group[]} batches that do not compile yet */
    this.held = []
    /** @type {Set<string>} files of the running batch whose edit adds no class: stylesheets that depend on them stay */
    this.classNeutral = new Set()
    /** The running batch touches no stylesheet and no style config: styles change by class names only, and compile */
    this.stylesTrusted = false
    /** @type {Set<string>} sources that came after the stylesheets were compiled, which therefore do not depend on them */
    this.unscanned = new Set()
    /** One of them has a class that no stylesheet has yet. */
    this.unstyled = false
    /** @type {Map<import('ws').WebSocket, number>} sockets of pages, and when they were opened */
    this.pages = new Map()
    /** @type {Onlookers<import('ws').WebSocket>} */
    this.onlookers = new Onlookers()
    /** @type {{at: number, payload: any}|null} the last module that a page could not load */
    this.failure = null
    /**
     * Counts the messages to the pages: a page that was made at another number has missed some. It begins at the clock, so
     * that no page of an earlier dev server, of this process or of one before it, holds a number of this one.
     */
    this.generation = Date.now()
    /** Vite has bundled all dependencies anew, and pages hold the old bundles. */
    this.dependenciesMoved = false
    /** A page was served a module that does not compile: it needs a reload once everything does. */
    this.brokenPage = false
    /** What counts of the project's own configuration. */
    this.honoured = withDefaults({ treeDir, root: layout.root })
    /** Fingerprint of what the project asks for. */
    this.asked = ''
    /** @type {import('./diagnostics.js').Warning[]} why it does not get it, all of it */
    this.refused = []
    /** @type {Promise<void>|null} while everything that the entry reaches is being compiled, its end */
    this.compiling = null
    /** @type {Map<string, string>} packages that the project names -> a file that does, until Vite knows its graph */
    this.packages = new Map()
    /** @type {import('vite').ViteDevServer} */
    this.vite = /** @type {any} */ (undefined)
  }

  /** @returns {Promise<Diagnostic[]>} problems of the project's configs; the server runs all the same */
  async start() {
    // Tailwind resolves its config and its `content` globs from the working directory.
    process.chdir(this.root)
    this.inside.link()
    const problems = await this.#reloadStyles()
    this.honoured = await this.#readConfiguration()
    this.asked = fingerprint(this.honoured.values)
    this.packages = packagesBelow(path.join(this.root, 'src'))
    try {
      this.vite = await createServer(this.#viteConfig())
    } catch (error) {
      // What a project asks for must not cost it the preview: once more without it, and if that fails too it is not the project.
      log('warning', 'the dev server does not start as the project asks', { error: error instanceof Error ? error.name : 'unknown' })
      const ours = withDefaults({ treeDir: this.treeDir, root: this.layout.root })
      this.refused = ours.warnings
      this.honoured = { ...this.honoured, values: ours.values }
      this.vite = await createServer(this.#viteConfig())
    }
    this.#interceptSend()
    this.vite.ws.on('connection', (socket) => this.#greet(socket))
    this.vite.ws.on(LOADED, (data, client) => this.#pageLoaded(data, client))
    this.vite.ws.on(VISIBLE, (data, client) => this.#pageShown(data, client))
    return problems
  }

  #viteConfig() {
    const { settings, layout } = this
    const config = viteConfig({
      root: this.root,
      catalogueDir: settings.catalogueDir,
      allow: [settings.sessionDir, settings.catalogueDir],
      publicUrl: settings.publicUrl,
      upgrades: this.upgrades,
      postcssPlugins: this.postcss.plugins,
      mount: layout.mount ? layout.entry : null,
      honoured: this.honoured.values,
      logger: { ...silent, error: (text, options) => { if (text.includes('error while updating dependencies')) this.bundleError = options?.error } },
      replaced: this.installs.replaced,
      ownBundle: this.ownBundle,
    })
    config.plugins?.push(this.imports.plugin(), insidePlugin(this.inside), tailwind4Plugin(this.tailwind4), {
      name: 'kontext-preview:outcome',
      transform: () => beat(),
      configureServer: (server) => () => { server.middlewares.use(this.#failed) },
      hotUpdate: ({ type, file, modules }) => modules.filter((mod) => this.#matters(mod, type, file)),
      configResolved: (resolved) => { Object.assign(resolved, { webSocketToken: socketToken(settings.publicUrl) }) },
      transformIndexHtml: () => [
        { tag: 'script', children: storageScript, injectTo: 'head-prepend' },
        { tag: 'script', children: clientScript, injectTo: 'head-prepend' },
        ...this.#hints().map((href) => ({ tag: 'link', attrs: { rel: 'modulepreload', href } })),
        { tag: 'script', attrs: { type: 'module' }, children: loadedScript(GENERATION), injectTo: 'head' },
        { tag: 'script', attrs: { type: 'module' }, children: visibleScript, injectTo: 'head' },
      ],
    })
    config.server = { ...config.server, hotUpdateEnvironments: this.#hotUpdate }
    return config
  }

  #readConfiguration() {
    return readHonoured({ treeDir: this.treeDir, root: this.layout.root, now: CONFIG_TIME })
  }

  /**
   * Whether a written change means that the server must be started anew: Vite reads its configuration once. By the values
   * that count, so that a comment or another way to say the same costs nothing.
   * @param {Change} change tree paths
   */
  async outdated(change) {
    if (!concerns(change, this.honoured)) return false
    const found = await this.#readConfiguration()
    if (fingerprint(found.values) !== this.asked) return true
    this.honoured = { ...this.honoured, inputs: found.inputs, warnings: found.warnings }
    return false
  }

  /** It has another public address. Vite's client, which holds the socket's token, is compiled again. */
  async moved() {
    Object.assign(this.vite.config, { webSocketToken: socketToken(this.settings.publicUrl) })
    const { moduleGraph } = this.client
    for (const mod of moduleGraph.idToModuleMap.values()) if (mod.file?.endsWith(CLIENT)) moduleGraph.invalidateModule(mod)
    await this.client.transformRequest('/@vite/client')
  }

  async close() {
    await this.vite?.close()
  }

  /** Before `start`: what an earlier server has bundled is bundled again. */
  forgetBundles() {
    fs.rmSync(path.join(this.root, CACHE, 'deps'), { recursive: true, force: true })
  }

  /** After `close`: nobody serves from its root any more. */
  forgetCache() {
    fs.rmSync(path.join(this.root, CACHE), { recursive: true, force: true })
  }

  /**
   * A page as it is sent. Its number is that from before its source was read: of what happens meanwhile it may know nothing.
   * @param {string} pathname @param {() => Promise<string|null>} read @returns {Promise<string|null>} null: there is no source
   */
  async page(pathname, read) {
    const { generation } = this
    const source = await read()
    if (source === null) return null
    return (await this.vite.transformIndexHtml(pathname, source)).replace(GENERATION, String(generation))
  }

  get client() {
    return this.vite.environments.client
  }

  get clients() {
    return this.vite.ws.clients.size
  }

  /** Of them, pages that somebody may be looking at. */
  get watching() {
    return this.onlookers.count(Date.now())
  }

  /** @returns {import('./diagnostics.js').Warning[]} that stand */
  get warnings() {
    const missing = [...this.#missingStyles].filter(([name]) => !this.installs.installing.includes(packageOf(name) ?? '')).map(([name, file]) => ({
      code: 'PACKAGE_NOT_INSTALLED',
      path: this.folders.relative(file),
      message: `the package ${JSON.stringify(name)} is not installed: the styles do without it`,
    }))
    return [...this.refused, ...this.honoured.warnings, ...missing]
  }

  /** Packages that the styles do without -> the file that names them. */
  get #missingStyles() {
    return new Map([...this.postcss.missing, ...this.tailwind4.missing])
  }

  get entryUrl() {
    const { entry, mount } = this.layout
    if (entry === null) return null
    return mount ? MOUNT_URL : '/' + entry
  }

  /**
   * Compiles everything that the entry reaches: finds the errors, sees to what is missing, and warms Vite's caches.
   * @param {Diagnostic[]} problems of the start @returns {Promise<Diagnostic[]>} these, and what was found
   */
  warm(problems) {
    const running = this.#warm().then((errors) => this.review([...problems, ...errors]))
    const over = () => { this.compiling = null }
    this.compiling = running.then(over, over)
    return running
  }

  /** @returns {Promise<Diagnostic[]>} */
  async #warm() {
    if (this.entryUrl === null) return []
    await this.client.transformRequest(this.entryUrl).catch(() => null) // the walk reports it
    const errors = await this.#compile([this.entryUrl], new Group())
    this.packages.clear()
    if (errors.length > 0) this.brokenPage = true
    if (this.dependenciesMoved) this.#reloadAll()
    return errors
  }

  /** For pages that came while the first modules were compiled, with dependencies that are bundled anew since. */
  #reloadAll() {
    this.dependenciesMoved = false
    this.generation += 1
    this.#deliver({ type: 'full-reload', path: '*' })
  }

  /**
   * What is imported and not there is installed, and what was told of it is told better.
   * @param {Diagnostic[]} diagnostics @returns {Diagnostic[]}
   */
  review(diagnostics) {
    const imports = this.imports.packages
    for (const [id, file] of this.#missingStyles) {
      const name = packageOf(id)
      if (name !== null && !imports.has(name)) imports.set(name, this.folders.relative(file) ?? '')
    }
    this.installs.review(imports, dependenciesOf(manifestText(this.treeDir, this.root)))
    return this.installs.explain(diagnostics)
  }

  /**
   * Until everything is compiled once: its bundles are not what a page is going to load, because nothing is bundled yet, or
   * because it names packages that are not there.
   */
  get isUnsettled() {
    const { folder } = this.installs
    const names = [...this.packages.keys()].map(packageOf).filter((name) => name !== null)
    return this.compiling !== null && (this.ownBundle || names.some((name) => folder.version(name) === null))
  }

  /** Something cannot be shown before it compiles. */
  get isBroken() {
    return this.brokenPage || this.held.length > 0
  }

  /** An installation is over: what waited for it is tried again. @returns {ReturnType<DevServer['apply']>} */
  async retry() {
    const group = new Group()
    this.stylesTrusted = false
    this.classNeutral = new Set()
    const incomplete = this.#missingStyles.size > 0
    if (incomplete) this.tailwind4.forget()
    return this.#release(group, incomplete ? await this.#restyle(group) : [], true)
  }

  /**
   * Serves a project in the place of the stand-in: no page is open and nothing is worth telling, so Vite forgets all that
   * it knew of the tree at once instead of hearing of every file.
   * @param {Layout} layout @param {Change} change tree paths @returns {Promise<Diagnostic[]>} problems of the project's configs
   */
  async replace(layout, change) {
    this.layout = layout
    this.imports.byFile.clear()
    const isDependency = inside(this.vite.config.cacheDir)
    forgetModules(this.client.moduleGraph, (mod) => (inside(this.treeDir)(mod.file) && !isDependency(mod.file)) || mod.url === MOUNT_URL)
    // From inside node_modules: from beside the project's package.json nothing resolves while that is not valid JSON.
    forgetClasses(createRequire(path.join(this.root, 'node_modules', 'x')))
    this.tailwind4.forget()
    this.postcss.forget()
    this.packages = packagesBelow(path.join(this.root, 'src'))
    const problems = await this.#reloadStyles()
    const unheard = new Group()
    for (const [event, files] of /** @type {const} */ ([['add', change.added], ['change', change.changed], ['unlink', change.removed]])) {
      for (const file of files.filter(isRemembered)) await this.#emit(event, this.#abs(file), unheard)
    }
    this.held = []
    this.failure = null
    this.brokenPage = false
    return problems
  }

  /** The project's stylesheets that Vite has loaded. Its graph keeps those whose file is gone. */
  stylesheets() {
    const modules = [...this.client.moduleGraph.urlToModuleMap.values()]
    return modules.filter((mod) => this.#isOurs(mod) && STYLESHEET.test(mod.file ?? '') && fs.existsSync(mod.file ?? ''))
  }

  /**
   * Tells Vite what a written batch changed and sends the pages one message.
   * @param {Change} change tree paths
   * @returns {Promise<{kind: 'none'|'css'|'update'|'full-reload'|'error', modules: string[], diagnostics: Diagnostic[]}>}
   */
  async apply(change) {
    const group = new Group()
    this.imports.forget(change.removed)
    this.installs.forgive(new Set(filesOf(change)))
    const problems = await this.#applyStyleConfigs(change, group)
    const added = change.added.filter(isTold).map((f) => this.#abs(f))
    const restyled = this.tailwind4.restyled()
    this.stylesTrusted = this.held.length === 0 && this.tailwind4.settled && filesOf(change).every((f) => this.#isOnlySource(f))
    const erased = await this.#erased(change)
    const told = change.changed.filter((f) => isTold(f) && !erased.has(f)).map((f) => this.#abs(f))
    const changed = leafFirst(told, (file) => this.#importsOf(file))
    this.classNeutral = this.#findClassNeutral(changed)
    for (const file of restyled) await this.#emit('change', file, group)
    for (const file of added) await this.#emit('add', file, group)
    const removed = change.removed.filter(isTold).map((f) => this.#abs(f))
    // What imported a removed file resolves again, even if nobody edited it: `./Foo` may now be another file.
    const orphans = this.#importersOf(removed).filter((file) => !added.includes(file) && !changed.includes(file))
    for (const file of [...changed, ...orphans]) await this.#emit('change', file, group)
    for (const file of removed) await this.#emit('unlink', file, group)
    await this.#styleNewSources(added, changed, group)
    return this.#release(group, problems)
  }

  /**
   * Modules of which nothing that runs has changed. Pages keep what they have; who loads them now gets the new text, for
   * the positions in it. While something is broken everything is told: any edit may be the one that mends it.
   * @param {Change} change @returns {Promise<Set<string>>} tree paths
   */
  async #erased({ before }) {
    if (before === undefined || this.isBroken) return new Set()
    const same = await Promise.all([...before].map(async ([name, text]) => {
      const file = this.#abs(name)
      const modules = [...this.client.moduleGraph.getModulesByFile(file) ?? []].filter((mod) => mod.id !== null)
      // As raw text, a comment is content.
      if (modules.some((mod) => mod.url.includes('?')) || !await isErased(file, text, fs.readFileSync(file, 'utf8'))) return null
      for (const mod of modules) this.client.moduleGraph.invalidateModule(mod)
      return name
    }))
    return new Set(same.filter((name) => name !== null))
  }

  /** @param {Group} group @param {Diagnostic[]} problems @param {boolean} [all] tell what is wrong with older batches, too */
  async #release(group, problems, all = false) {
    const released = new Group()
    const waiting = group.empty ? this.held : [...this.held, group]
    this.held = []
    /** @type {Diagnostic[]} */
    let errors = []
    /** @type {Diagnostic[]} */
    const older = []
    for (const candidate of waiting) {
      older.push(...errors)
      errors = [...candidate.errors.map((e) => diagnose(e, this.folders)), ...await this.#compile(this.#urls(candidate), candidate)]
      if (errors.length > 0) this.held.push(candidate)
      else released.absorb(candidate)
    }
    const failed = this.held.includes(group)
    if (failed) this.held = this.held.filter((candidate) => candidate === group || !candidate.supersededBy(group))
    if (all) errors = [...older, ...errors]
    else if (!failed) errors = []
    if (this.brokenPage && this.held.length === 0) {
      const unmended = await this.#recover(released)
      if (all) errors.push(...unmended)
    }
    if (this.dependenciesMoved) this.#moveDependencies(released)
    for (const candidate of waiting) candidate.sent = !this.held.includes(candidate)
    const news = message(released)
    if (news !== null) this.generation += 1
    for (const payload of [news, prune(released)]) if (payload !== null) this.#deliver(payload)
    // Compiled while the page is on its way to ask for them, instead of before it is told.
    if (this.stylesTrusted) for (const { acceptedPath } of released.updates.values()) void this.client.warmupRequest(acceptedPath)
    const diagnostics = this.review([...problems, ...errors])
    if (failed || all || problems.length > 0) diagnostics.filter((d) => !isPending(d)).forEach((d) => this.observe(errorPayload(d)))
    return { ...outcome(released, failed || problems.length > 0), diagnostics }
  }

  /** A page that could not load is reloaded as soon as all of it compiles. @param {Group} released @returns {Promise<Diagnostic[]>} */
  async #recover(released) {
    const errors = this.entryUrl === null ? [] : await this.#compile([this.entryUrl], released)
    if (errors.length === 0) {
      this.brokenPage = false
      released.reload = true
    }
    return errors
  }

  /**
   * Modules name the new bundles from now on: beside the old ones a page would have React twice. While something does
   * not compile a reload would show that instead; then it comes as soon as everything does.
   * @param {Group} released
   */
  #moveDependencies(released) {
    this.dependenciesMoved = false
    if (this.isBroken) this.brokenPage = true
    else released.reload = true
  }

  /** @returns {string[]} URLs of the modules that a page made now is going to load, as far as it is known */
  #hints() {
    if (this.entryUrl === null) return []
    return reachable(this.client.moduleGraph, ['/@vite/client', this.entryUrl, ...prebundled(this.client, this.packages.keys())])
  }

  /** @returns {string[]} of these, the ones that are compiled whatever the project is: there is no waiting for them */
  get firstHints() {
    return reachable(this.client.moduleGraph, ['/@vite/client', ...prebundled(this.client, this.packages.keys())])
  }

  /** @returns {string[]} of the packages, those that a page may evaluate before it is finished */
  get earlyModules() {
    return prebundled(this.client, early(this.packages.keys()))
  }

  /** @param {Group} group @returns {string[]} the modules that a page would load for it */
  #urls(group) {
    const urls = [...[...group.updates.values()].map((u) => u.acceptedPath), ...group.loads]
    return group.reload && this.entryUrl !== null ? [...urls, this.entryUrl] : urls
  }

  /**
   * Transforms the given modules and all that they import, as far as it is not in Vite's cache.
   * @param {string[]} urls @param {Group} group collects what Vite emits meanwhile
   * @returns {Promise<Diagnostic[]>}
   */
  #compile(urls, group) {
    return batch.run({ group, done: () => {} }, async () => {
      const before = this.client.depsOptimizer?.metadata.browserHash
      const errors = [...await this.#walk(urls), ...await this.#bundled()]
      if (before === this.client.depsOptimizer?.metadata.browserHash) return errors
      this.dependenciesMoved = true
      // Vite has dropped every module, because it names the old bundles.
      return [...await this.#walk(urls), ...await this.#bundled()]
    })
  }

  /** Waits until the dependencies that were discovered are bundled. @returns {Promise<Diagnostic[]>} why they cannot be */
  async #bundled() {
    const { depsOptimizer, moduleGraph } = this.client
    if (depsOptimizer) await bundled(depsOptimizer)
    const error = this.bundleError
    if (error === null) return []
    this.bundleError = null
    // Vite has forgotten what it could not bundle: the importers have to name it again.
    moduleGraph.invalidateAll()
    return [diagnose(error, this.folders)]
  }

  /** @param {string[]} urls @returns {Promise<Diagnostic[]>} */
  async #walk(urls) {
    /** @type {Diagnostic[]} */
    const errors = []
    /** @type {Set<string>} */
    const seen = new Set()
    let front = urls
    while (front.length > 0 && seen.size < WALK_LIMIT) {
      const fresh = [...new Set(front)].filter((url) => !seen.has(url))
      fresh.forEach((url) => seen.add(url))
      const next = await Promise.all(fresh.map((url) => this.#compileOne(url, errors)))
      front = next.flat()
    }
    return errors
  }

  /** @param {string} url @param {Diagnostic[]} errors @returns {Promise<string[]>} what it imports */
  async #compileOne(url, errors) {
    const known = await this.client.moduleGraph.getModuleByUrl(url)
    if (known && !this.#isOurs(known)) return []
    if (this.stylesTrusted && STYLESHEET.test(url) && known?.isSelfAccepting !== undefined) return [] // compiled before
    if (!known?.transformResult) {
      const accepting = known?.isSelfAccepting
      try {
        await this.client.transformRequest(url)
      } catch (error) {
        // Vite forgets here that the module accepts itself, so that its fix reloads the page. No page was told of the
        // error: each still runs the version that does accept, and keeps its state when the fix comes.
        if (known && accepting !== undefined && !this.brokenPage) known.isSelfAccepting = accepting
        errors.push(diagnose(error, this.folders))
        return []
      }
    }
    const mod = await this.client.moduleGraph.getModuleByUrl(url)
    return mod ? [...mod.importedModules].filter((m) => m.id !== null).map((m) => m.url) : []
  }

  /** @param {import('vite').EnvironmentModuleNode} mod */
  #isOurs(mod) {
    return mod.id !== null && (mod.url === MOUNT_URL || mod.file?.startsWith(this.treeDir + '/') === true)
  }

  /**
   * Emits as the watcher would and waits until Vite has handled it.
   * @param {'add'|'change'|'unlink'} event @param {string} file @param {Group} group
   */
  #emit(event, file, group) {
    return /** @type {Promise<void>} */ (new Promise((resolve) => {
      const timer = setTimeout(() => {
        log('warning', 'vite did not handle an event in time', { event })
        group.reload = true
        resolve()
      }, EVENT_TIMEOUT_MS)
      const done = () => {
        clearTimeout(timer)
        resolve()
      }
      batch.run({ group, done }, () => this.vite.watcher.emit(event, file))
    }))
  }

  /** Runs at the end of Vite's handling of one event; there is no server-side environment to update. */
  #hotUpdate = async (/** @type {any} */ server, /** @type {(env: any) => Promise<void>} */ hmr) => {
    try {
      await hmr(server.environments.client)
    } finally {
      batch.getStore()?.done()
    }
  }

  /**
   * A changed Tailwind or PostCSS config applies as CSS: new plugins, then every loaded stylesheet again.
   * @param {Change} change @param {Group} group @returns {Promise<Diagnostic[]>}
   */
  async #applyStyleConfigs(change, group) {
    return filesOf(change).some((f) => this.#isStyleConfig(f)) ? this.#restyle(group) : []
  }

  /** @param {Group} group @returns {Promise<Diagnostic[]>} */
  async #restyle(group) {
    const problems = await this.#reloadStyles()
    if (problems.length === 0) {
      const files = new Set(this.stylesheets().map((mod) => /** @type {string} */ (mod.file)))
      for (const file of files) await this.#emit('change', file, group)
    }
    return problems
  }

  /** A file that can bring a stylesheet classes and nothing else. @param {string} treePath */
  #isOnlySource(treePath) {
    return isClassSource(treePath) && !this.#isStyleConfig(treePath) && !this.tailwind4.takesIn(this.#abs(treePath))
  }

  /** @param {string} treePath */
  #isStyleConfig(treePath) {
    const prefix = this.layout.root ? this.layout.root + '/' : ''
    if (this.postcss.inputs.has(this.#abs(treePath))) return true
    return treePath.startsWith(prefix) && isStyleConfig(treePath.slice(prefix.length))
  }

  /** @returns {Promise<Diagnostic[]>} */
  async #reloadStyles() {
    try {
      await this.postcss.reload(this.root)
      return []
    } catch (error) {
      const found = diagnose(error, this.folders)
      return [{ ...found, path: this.folders.relative(this.postcss.loading) ?? found.path }]
    }
  }

  /**
   * A module that nothing imports is on no page: Vite would reload every page for its change. What the HTML loads
   * itself (the entry; anything, in an index.html of the project's own) has no importers either, and counts.
   * @param {import('vite').EnvironmentModuleNode} mod @param {'create'|'update'|'delete'} type @param {string} file
   */
  #matters(mod, type, file) {
    if (mod.id === null && type === 'update' && this.classNeutral.has(file)) return false
    // A removed module is no news: its importers are told to resolve again.
    if (type === 'delete' && mod.id !== null) return false
    if (mod.importers.size > 0) return true
    if (mod.id === null) return false
    // A worker: nothing imports it, and its page is reloaded for it. It must compile like everything else.
    if (mod.url.includes('?')) batch.getStore()?.group.loads.add(mod.url)
    return this.layout.index === 'project' || mod.url === this.entryUrl || mod.url.includes('?') || mod.isSelfAccepting === undefined
  }

  /** From inside node_modules: from beside the project's package.json nothing resolves while that is not valid JSON. */
  get #require() {
    return createRequire(path.join(this.root, 'node_modules', 'x'))
  }

  /** @param {string[]} changed absolute @returns {Set<string>} */
  #findClassNeutral(changed) {
    return new Set(changed.filter((file) => isClassSource(file) && !mayAddClass(this.#require, fs.readFileSync(file, 'utf8'))))
  }

  /**
   * Vite compiles a stylesheet again for the files that Tailwind read for it, and a new file is not among them: its
   * classes would come with the next edit of another file, and an edit of itself would add none. While nothing imports
   * it, nothing on the page changes, and the stylesheets wait too.
   * @param {string[]} added absolute @param {string[]} changed absolute, asked for new classes before @param {Group} group
   */
  async #styleNewSources(added, changed, group) {
    added.filter(isClassSource).forEach((file) => this.unscanned.add(file))
    for (const file of this.unscanned) if (!fs.existsSync(file) || this.#isScanned(file)) this.unscanned.delete(file)
    // Tailwind knows a class from the first time it was asked for it: nobody may ask twice.
    this.unstyled ||= changed.some((file) => this.unscanned.has(file) && !this.classNeutral.has(file))
    if (group.empty) return
    const rest = [...this.unscanned].filter((file) => !changed.includes(file))
    if (!this.unstyled && this.#findClassNeutral(rest).size === rest.length) return
    this.unstyled = false
    this.unscanned.clear()
    const scanning = this.stylesheets().filter((mod) => [...mod.importedModules].some((m) => m.id === null && isClassSource(m.file ?? '')))
    for (const file of new Set(scanning.map((mod) => /** @type {string} */ (mod.file)))) await this.#emit('change', file, group)
  }

  /** Whether a stylesheet depends on the text of a source file. @param {string} file absolute */
  #isScanned(file) {
    return [...this.client.moduleGraph.getModulesByFile(file) ?? []].some((mod) => mod.id === null)
  }

  /** @param {string[]} files absolute @returns {string[]} files of the project, still there, that import one of them */
  #importersOf(files) {
    const importers = files.flatMap((file) => [...this.client.moduleGraph.getModulesByFile(file) ?? []]).flatMap((mod) => [...mod.importers])
    const found = importers.filter((mod) => this.#isOurs(mod) && mod.file && fs.existsSync(mod.file)).map((mod) => /** @type {string} */ (mod.file))
    return [...new Set(found)].filter((file) => !files.includes(file))
  }

  /** @param {string} file absolute @returns {string[]} files that its modules import */
  #importsOf(file) {
    const mods = this.client.moduleGraph.getModulesByFile(file) ?? []
    return [...mods].flatMap((mod) => [...mod.importedModules].map((m) => m.file ?? ''))
  }

  /** @param {string} treePath */
  #abs(treePath) {
    return path.join(this.treeDir, treePath)
  }

  /** Inside a batch payloads are collected; outside (dependency optimiser, `vite:invalidate`) they go out at once. */
  #interceptSend() {
    const raw = this.vite.ws.send.bind(this.vite.ws)
    this.send = raw
    this.vite.ws.send = /** @type {any} */ ((/** @type {any[]} */ ...args) => {
      const payload = typeof args[0] === 'string' ? { type: 'custom', event: args[0], data: args[1] } : args[0]
      const store = batch.getStore()
      if (store && !store.group.sent) store.group.collect(payload)
      else this.#deliver(payload)
    })
  }

  /** @param {any} payload */
  #deliver(payload) {
    const clean = cleanPayload(payload, this.folders)
    this.send?.(clean)
    this.observe(clean)
  }

  /**
   * Only a page that could not load sees the error; pages that show a good state keep it.
   * @param {import('ws').WebSocket} socket
   */
  #greet(socket) {
    this.pages.set(socket, Date.now())
    this.onlookers.opened(socket, Date.now())
    socket.on('close', () => {
      this.pages.delete(socket)
      this.onlookers.closed(socket)
    })
    if (this.brokenPage && this.failure !== null && isRecent(this.failure.at)) socket.send(JSON.stringify(this.failure.payload))
  }

  /**
   * A page has loaded. What was sent while it did, and its socket was not open yet, it has missed (G41): its modules may
   * be older than the files, and nothing else would ever tell it.
   * @param {any} data @param {{send: (payload: any) => void}} client
   */
  #pageLoaded(data, client) {
    if (data?.generation !== this.generation) client.send({ type: 'full-reload', path: '*' })
  }

  /**
   * A page is shown, or has just been hidden: either way somebody looked at it until now.
   * @param {any} data @param {{socket: import('ws').WebSocket}} client
   */
  #pageShown(data, client) {
    this.onlookers.told(client.socket, data?.visible === true, Date.now())
    this.seen()
  }

  /** Vite's own error page names this machine's folders; ours says the same without them. @type {any} */
  #failed = (/** @type {any} */ error, /** @type {any} */ req, /** @type {any} */ res, /** @type {() => void} */ _next) => {
    const [diagnostic] = /** @type {[Diagnostic]} */ (this.review([diagnose(error, this.folders)]))
    this.brokenPage = true
    if (isPending(diagnostic)) {
      // A page that was sent before anybody knew what it lacks: its module is asked for again once that is there.
      void this.installs.idle.then(() => res.writeHead(307, { Location: req.originalUrl, 'Cache-Control': 'no-store' }).end())
      return
    }
    res.statusCode = 500
    res.setHeader('Content-Type', 'text/plain; charset=utf-8')
    this.failure = { at: Date.now(), payload: errorPayload(diagnostic) }
    this.observe(this.failure.payload)
    for (const [socket, opened] of this.pages) if (isRecent(opened)) socket.send(JSON.stringify(this.failure.payload))
    res.end(diagnostic.message)
  }
}

/** Vite has written its URLs into the code by now. @param {Inside} inside @returns {import('vite').Plugin} */
function insidePlugin(inside) {
  return {
    name: 'kontext-preview:inside',
    enforce: 'post',
    transform: (code) => (code.includes('/@fs/') ? { code: inside.clean(code), map: null } : null),
  }
}

/** @param {Change} change */
function filesOf(change) {
  return [...change.added, ...change.changed, ...change.removed]
}

/** Vite reloads every page for a tsconfig.json, whatever changed in it; what counts of it was compared. @param {string} treePath */
function isTold(treePath) {
  return path.posix.basename(treePath) !== 'tsconfig.json'
}

/**
 * The token of Vite's socket, the same for every dev server of a session: a page that loads while one follows another has
 * the token of the first and connects to the second. It says no more than the address, which only who may see it knows.
 * @param {URL} publicUrl
 */
function socketToken(publicUrl) {
  return crypto.createHash('sha256').update(`vite-hmr ${publicUrl.host}`).digest('base64url')
}

/** @param {number} time epoch milliseconds */
function isRecent(time) {
  return Date.now() - time < PAGE_LOAD_MS
}
