/**
 * The packages of a session: what it imports and lacks is installed beside the preview, one installation after the other.
 *
 * Whoever compiles asks `review` first, which starts what is to be started, and then `explain`, which turns "failed to
 * resolve" into what becomes of it. Nothing here waits for an installation: its end is told through `came`.
 */
import { log } from '../log.js'
import { notHere, sentence } from './failures.js'
import { PackageFolder } from './folder.js'
import { missingIn } from './missing.js'
import { packageOf } from './names.js'
import { plan } from './plan.js'
import { Install } from './pnpm.js'
import { readRange } from './ranges.js'

/** @typedef {import('../diagnostics.js').Diagnostic} Diagnostic */
/** @typedef {import('../diagnostics.js').Warning} Warning */
/** @typedef {import('./pnpm.js').Source} Source */
/** @typedef {import('./report.js').Report} Report */
/** @typedef {{range: string, message: string}} GivenUp */

/** G25: of one installation, with all its attempts. */
const LIMIT_MS = 60_000
/** Progress that comes more often than this nobody can read. */
const PROGRESS_MS = 200
/** Of two packages whose versions must not differ, none is installed without the other. */
const INSEPARABLE = ['react', 'react-dom']

/** `plugin` of a diagnostic that an installation is about to mend: it is no error, and nobody's overlay. */
export const INSTALLING = 'kontext-preview:install'

/** @param {Diagnostic} diagnostic */
export const isPending = (diagnostic) => diagnostic.plugin === INSTALLING

export class Packages {
  /**
   * @param {object} options
   * @param {{sessionDir: string, catalogueDir: string, packages: Source|null}} options.settings
   * @param {(payload: any) => void} options.observe
   * @param {(replaced: boolean) => Promise<void>} options.came an installation is over. `replaced`: an import finds another
   *   version than before
   */
  constructor({ settings, observe, came }) {
    this.source = settings.packages
    this.folder = new PackageFolder(settings.sessionDir, settings.catalogueDir)
    this.observe = observe
    this.came = came
    /** @type {Warning[]} of what is there */
    this.planned = []
    /** @type {Map<string, string>} name -> why it is never installed */
    this.refused = new Map()
    /** @type {Map<string, GivenUp>} until a batch touches what asks for it */
    this.givenUp = new Map()
    /** @type {ReadonlyMap<string, string>} package -> importer, as of the last review */
    this.imports = new Map()
    /** @type {Map<string, string>} wanted next: name -> range */
    this.queue = new Map()
    /** @type {Map<string, string>} being installed */
    this.batch = new Map()
    /** @type {string[]} installed, or given up; what imports them is about to be compiled */
    this.settling = []
    /** From the first want until pages show what came of the last one. */
    this.busy = false
    /** Until then. @type {Promise<void>} */
    this.idle = Promise.resolve()
    this.closed = false
    /** @type {{fetched: number, total: number}} packages, theirs included */
    this.progress = { fetched: 0, total: 0 }
    /** @type {Install|null} */
    this.install = null
  }

  /** @returns {string[]} names */
  get installing() {
    return [...new Set([...this.batch.keys(), ...this.queue.keys()])].sort()
  }

  /** With those that are installed and not compiled with yet. @returns {string[]} names */
  get unsettled() {
    return [...new Set([...this.installing, ...this.settling])].sort()
  }

  /** Packages of the catalogue that are not the catalogue's any more: nothing that was bundled with them will do. */
  get replaced() {
    return this.folder.replaced
  }

  /**
   * Compares what is imported with what is there, and installs the rest.
   * @param {ReadonlyMap<string, string>} imports package -> importer @param {ReadonlyMap<string, string>} manifest
   */
  review(imports, manifest) {
    const { install, refused, warnings } = plan({ imports, manifest, catalogued: (name) => this.folder.catalogued(name) })
    this.imports = imports
    this.refused = refused
    this.planned = warnings
    for (const [name, range] of install) if (!this.#isKnown(name, range)) this.#want(name, range)
    if (this.queue.size > 0 && !this.busy) {
      this.idle = this.#drain().catch((error) => log('error', 'pages were not told of an installation', { error: error instanceof Error ? error.name : 'unknown' }))
    }
  }

  /**
   * What was given up is tried again by whoever asks once more.
   * @param {ReadonlySet<string>} files tree paths that a batch touches
   */
  forgive(files) {
    const all = [...files].some((file) => /(^|\/)package\.json$/.test(file))
    for (const name of this.givenUp.keys()) if (all || files.has(this.imports.get(name) ?? '')) this.givenUp.delete(name)
  }

  /** @param {Diagnostic[]} diagnostics @returns {Diagnostic[]} with what becomes of a package that was not found */
  explain(diagnostics) {
    return diagnostics.map((diagnostic) => {
      const name = packageOf(missingIn(diagnostic.message) ?? '')
      if (name === null) return diagnostic
      if (this.installing.includes(name)) return pending(diagnostic.path, name)
      const message = this.givenUp.get(name)?.message ?? this.refused.get(name)
      return message === undefined ? diagnostic : { ...diagnostic, message, plugin: null }
    })
  }

  /** Of what is installed although everything compiles without it. @param {Diagnostic[]} told @returns {Diagnostic[]} */
  unexplained(told) {
    const rest = this.installing.map((name) => pending(this.imports.get(name) ?? null, name))
    return rest.filter(({ message }) => !told.some((d) => d.message === message))
  }

  /** All that stand; the catalogue's version stands in for what could not be installed. @returns {Warning[]} */
  get warnings() {
    const standIns = [...this.givenUp].filter(([name]) => this.imports.has(name) && this.folder.version(name) !== null)
    return [...this.planned, ...standIns.map(([name, { message }]) => ({
      code: 'DEPENDENCY_VERSION_REPLACED', path: this.imports.get(name) ?? null, message: `${message} Version ${this.folder.version(name)} is used.`,
    }))]
  }

  close() {
    this.closed = true
    this.install?.close()
  }

  /** @param {string} name @param {string} range */
  #isKnown(name, range) {
    return [this.folder.installed, this.batch, this.queue].some((known) => known.get(name) === range)
      || this.givenUp.get(name)?.range === range
  }

  /** @param {string} name @param {string} range */
  #want(name, range) {
    this.givenUp.delete(name)
    if (this.source === null) this.givenUp.set(name, { range, message: notHere(name) })
    else this.queue.set(name, range)
  }

  async #drain() {
    this.busy = true
    try {
      while (this.queue.size > 0 && !this.closed) {
        this.batch = this.queue
        this.queue = new Map()
        const names = [...this.batch.keys()]
        const before = names.map((name) => this.folder.version(name))
        await this.#installBatch(names)
        this.settling = names
        this.batch = new Map()
        if (this.closed) return
        await this.came(names.some((name, index) => before[index] !== null && this.folder.version(name) !== before[index]))
      }
    } finally {
      this.settling = []
      this.busy = false
    }
  }

  /** @param {string[]} names */
  async #installBatch(names) {
    this.progress = { fetched: 0, total: names.length }
    this.#tell('running', names)
    try {
      await this.#attempts(performance.now() + LIMIT_MS)
    } catch (error) {
      const code = /** @type {NodeJS.ErrnoException} */ (error).code ?? 'unknown'
      log('warning', 'packages cannot be installed', { code })
      this.#giveUp(names, { name: null, kind: 'other', code })
    }
    this.#tell(names.some((name) => this.givenUp.has(name)) ? 'failed' : 'done', names)
  }

  /** Each attempt is without the packages that kept the one before from ending well. @param {number} deadline */
  async #attempts(deadline) {
    /** @type {Map<string, string>} */
    const peers = new Map()
    while (!this.closed) {
      const report = await this.#attempt(new Map([...peers, ...this.#wanted()]), deadline)
      if (report.failure !== null) {
        if (!this.#drop(report.failure, peers)) return
      } else if (peers.size > 0 || !this.#addPeers(report, peers)) {
        return this.folder.show(new Map([...peers, ...this.#wanted()]))
      }
    }
  }

  /** What is there already stays: Vite's pre-bundle refers to it. */
  #wanted() {
    const batch = [...this.batch].filter(([name]) => !this.givenUp.has(name))
    return new Map([...this.folder.installed, ...batch])
  }

  /** @param {ReadonlyMap<string, string>} wanted @param {number} deadline @returns {Promise<Report>} */
  async #attempt(wanted, deadline) {
    this.folder.write(wanted)
    let told = 0
    const source = /** @type {Source} */ (this.source)
    this.install = new Install(this.folder.dir, source, Math.max(0, deadline - performance.now()), (report) => {
      this.progress = { fetched: report.fetched.size, total: Math.max(report.resolved.size, this.batch.size) }
      if (performance.now() - told < PROGRESS_MS) return
      told = performance.now()
      this.#tell('running', [...this.batch.keys()])
    })
    const report = await this.install.done
    this.install = null
    return report
  }

  /**
   * @param {import('./report.js').Failure} failure @param {Map<string, string>} peers
   * @returns {boolean} whether something is left to try
   */
  #drop(failure, peers) {
    const { name } = failure
    if (name !== null && peers.delete(name)) return true
    const left = [...this.batch.keys()].filter((other) => !this.givenUp.has(other))
    const known = name !== null && left.includes(name) && failure.kind === 'missing'
    const dropped = !known ? left : INSEPARABLE.includes(name) ? left.filter((other) => INSEPARABLE.includes(other)) : [name]
    this.#giveUp(dropped, failure)
    return dropped.length < left.length
  }

  /** @param {string[]} names @param {import('./report.js').Failure} failure */
  #giveUp(names, failure) {
    for (const name of names) {
      const range = this.batch.get(name) ?? 'latest'
      this.givenUp.set(name, { range, message: sentence(name, range, failure) })
    }
  }

  /**
   * A peer that neither the project nor the catalogue has would keep Vite from bundling anything at all.
   * @param {Report} report @param {Map<string, string>} peers is filled
   */
  #addPeers(report, peers) {
    for (const [name, text] of report.peers) {
      if (this.folder.catalogued(name) !== null || this.#wanted().has(name)) continue
      const range = readRange(text)
      peers.set(name, range.kind === 'refused' ? 'latest' : range.text)
    }
    return peers.size > 0
  }

  /** @param {'running'|'done'|'failed'} state @param {string[]} packages */
  #tell(state, packages) {
    this.observe({ type: 'install', state, packages, ...this.progress })
  }
}

/** @param {string|null} path @param {string} name @returns {Diagnostic} */
function pending(path, name) {
  const message = `Installing ${name}: the preview follows as soon as it is there.`
  return { path, line: null, column: null, message, frame: null, plugin: INSTALLING }
}
