/** What pnpm says, line by line (`--reporter=ndjson`). Pure. */

/** @typedef {{name: string|null, kind: 'missing'|'network'|'other', code: string}} Failure   `name`: the package asked for, if it is known */

/** The registry has no such package, or no such version of it: all others can be installed without it. */
const MISSING = new Set(['ERR_PNPM_FETCH_404', 'ERR_PNPM_NO_MATCHING_VERSION', 'ERR_PNPM_FETCH_403', 'ERR_PNPM_FETCH_401', 'ERR_PNPM_NO_VERSIONS'])
const NETWORK = /^ERR_PNPM_(META_FETCH_FAIL|FETCH_5\d\d|TARBALL_FETCH)|^E(CONN|NOTFOUND|AI_AGAIN|TIMEDOUT)|^ERR_SOCKET/

export class Report {
  constructor() {
    /** @type {Set<string>} */
    this.resolved = new Set()
    /** @type {Set<string>} */
    this.fetched = new Set()
    /** @type {Failure|null} */
    this.failure = null
    /** @type {Map<string, string>} packages that an installed one expects of the project, and nobody has -> range */
    this.peers = new Map()
  }

  /** @param {string} line @returns {boolean} whether there is progress to tell */
  read(line) {
    const said = parse(line)
    if (said.level === 'error') this.failure ??= failureOf(said)
    if (said.name === 'pnpm:peer-dependency-issues') this.#peers(said)
    if (said.name !== 'pnpm:progress' || typeof said.packageId !== 'string') return false
    if (said.status === 'resolved') this.resolved.add(said.packageId)
    else if (said.status === 'fetched' || said.status === 'found_in_store') this.fetched.add(said.packageId)
    else return false
    return true
  }

  /** @param {any} said */
  #peers(said) {
    for (const [name, wanted] of Object.entries(said.issuesByProjects?.['.']?.missing ?? {})) {
      const needed = /** @type {any[]} */ (wanted).filter(({ optional }) => optional !== true)
      if (needed.length > 0) this.peers.set(name, String(needed[0].wantedRange))
    }
  }
}

/** @param {any} said @returns {Failure} */
function failureOf(said) {
  const code = String(said.code ?? said.err?.code ?? 'unknown')
  // Of a package's package: the one that the project asked for.
  const name = said.pkgsStack?.[0]?.name ?? said.package?.name ?? said.pkgName ?? null
  if (MISSING.has(code)) return { name, kind: 'missing', code }
  return { name, kind: NETWORK.test(code) ? 'network' : 'other', code }
}

/** @param {string} line @returns {any} */
function parse(line) {
  try {
    const value = JSON.parse(line)
    return value !== null && typeof value === 'object' ? value : {}
  } catch (error) {
    // A crash of Node is no JSON.
    if (!(error instanceof SyntaxError)) throw error
    return {}
  }
}
