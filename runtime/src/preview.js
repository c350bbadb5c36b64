/** The HTTP face of a session: host check, headers of the contract, the page, and everything else to Vite. */
import fs from 'node:fs/promises'
import http from 'node:http'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { emptyPage, failedPage, installingPage, overture, startingPage, synthesisedIndex } from './pages.js'
import { SELF_CHECK } from './readiness.js'
import { parseUrl } from './requestUrl.js'

/** A navigation waits this long for the dev server (a cold start is 1-2 s, on two busy cores 3) before it gets the page that reloads itself. */
const HOLD_MS = 4_000

/**
 * A page that comes while its project is being compiled is finished when it can name all of its modules: asked for one by
 * one, each would wait for the compiler. A typical project takes 0.4 s; one that takes longer than this loads meanwhile.
 */
const COMPILE_MS = 2_000

/** `/__open-in-editor` starts `$EDITOR` on the server (Vite 5-7). */
const BLOCKED = /^\/__(open-in-editor|inspect)/

/** What a proxy may write behind the host when the public address names no port: the browser's port, or its own. */
const DEFAULT_PORTS = ['', ':80', ':443']

/**
 * Only the Host header counts: `X-Forwarded-Host` may be anybody's.
 * @param {() => URL} publicUrl of now: a warm runtime becomes another session's
 * @returns {(host: string|undefined) => boolean} exact match of the Host header
 */
export function hostCheck(publicUrl) {
  return (host) => host !== undefined && namesOf(publicUrl()).includes(host.toLowerCase())
}

/** @param {URL} publicUrl @returns {string[]} */
function namesOf({ host, port }) {
  return port === '' ? DEFAULT_PORTS.map((written) => host + written) : [host]
}

export class Preview {
  /**
   * @param {object} options
   * @param {import('./settings.js').Settings} options.settings
   * @param {(host: string|undefined) => boolean} options.hostAllowed
   * @param {import('./session.js').Session} options.session
   */
  constructor({ settings, hostAllowed, session }) {
    this.settings = settings
    this.hostAllowed = hostAllowed
    this.session = session
    this.frameAncestors = `frame-ancestors ${settings.allowedOrigins.join(' ') || "'none'"}`
    this.server = http.createServer((req, res) => {
      this.#handle(req, res).catch((error) => this.#crash(error, res))
    })
  }

  /** @param {http.IncomingMessage} req @param {http.ServerResponse} res */
  async #handle(req, res) {
    this.#headers(res)
    if (!this.hostAllowed(req.headers.host)) return text(res, 403, 'This host is not a preview')
    const url = parseUrl(req)
    if (url === null || BLOCKED.test(url.pathname)) return text(res, 404, 'Not found')
    const page = wantsPage(req, url.pathname)
    const selfCheck = req.headers[SELF_CHECK] === this.session.selfCheckMark
    const dev = selfCheck || (page && this.session.waits) ? this.session.current : await this.session.serving(HOLD_MS)
    if (dev === null) return this.#waiting(res, page)
    if (page && !selfCheck) this.session.touch()
    if (page && this.#installs(dev)) return this.#installing(res)
    quieten(res)
    dev.vite.middlewares(req, res, () => {
      this.#afterVite(dev, res, url, page).catch((error) => this.#crash(error, res))
    })
  }

  /** An error that an installation is about to mend is nothing to look at. @param {import('./devServer.js').DevServer} dev */
  #installs(dev) {
    const { packages, ready } = this.session
    return packages.busy && (dev.isBroken || (!ready && packages.installing.length > 0))
  }

  /** @param {http.ServerResponse} res */
  #installing(res) {
    html(res, installingPage(this.session.packages.unsettled, this.session.packages.progress))
  }

  /** @param {http.ServerResponse} res @param {boolean} page */
  #waiting(res, page) {
    if (page && this.session.packages.busy) return this.#installing(res)
    if (page) return html(res, this.session.failed ? failedPage : startingPage)
    res.setHeader('Retry-After', '1')
    text(res, 503, 'The preview is starting')
  }

  /** What Vite does not serve itself. @param {import('./devServer.js').DevServer} dev @param {http.ServerResponse} res @param {URL} url @param {boolean} page */
  async #afterVite(dev, res, url, page) {
    if (url.pathname === '/favicon.ico') return void res.writeHead(204).end()
    if (!page) return text(res, 404, 'Not found')
    if (dev.compiling !== null) {
      begin(res)
      res.write(overture(dev.firstHints, dev.earlyModules))
      await Promise.race([dev.compiling, delay(COMPILE_MS, undefined, { ref: false })])
      // It would load what is replaced a moment later, and then load again under the user's hands.
      if (dev !== this.session.current || dev.isUnsettled) return html(res, startingPage)
      if (this.#installs(dev)) return this.#installing(res)
    }
    html(res, await dev.page(url.pathname, () => pageSource(dev, url.pathname)) ?? emptyPage)
  }

  /** @param {http.ServerResponse} res */
  #headers(res) {
    res.setHeader('Content-Security-Policy', this.frameAncestors)
    res.setHeader('Cross-Origin-Resource-Policy', 'cross-origin')
    res.setHeader('Referrer-Policy', 'no-referrer')
    res.setHeader('X-Content-Type-Options', 'nosniff')
  }

  /** @param {unknown} error @param {http.ServerResponse} res */
  #crash(error, res) {
    const dev = this.session.current
    const message = error instanceof Error ? error.message : String(error)
    // A page that has begun ends as one that comes back by itself.
    if (res.headersSent && !res.writableEnded && String(res.getHeader('Content-Type')).startsWith('text/html')) res.end(startingPage)
    else if (res.headersSent) res.destroy()
    else text(res, 500, dev ? dev.folders.strip(message) : 'The preview failed')
  }
}

/**
 * A request for a document. Browsers say so; tools that accept anything get the page where a file name has no other extension.
 * @param {http.IncomingMessage} req @param {string} pathname
 */
export function wantsPage(req, pathname) {
  if (req.method !== 'GET' && req.method !== 'HEAD') return false
  if (pathname.startsWith('/@') || pathname.startsWith('/node_modules/')) return false
  const extension = path.posix.extname(pathname)
  if (extension === '.html') return true
  const accept = req.headers.accept ?? '*/*'
  if (accept.includes('text/html')) return extension === '' || req.headers['sec-fetch-mode'] === 'navigate'
  const destination = req.headers['sec-fetch-dest']
  return extension === '' && accept.includes('*/*') && (destination === undefined || destination === 'document' || destination === 'iframe')
}

/** @param {import('./devServer.js').DevServer} dev @param {string} pathname @returns {Promise<string|null>} */
async function pageSource(dev, pathname) {
  const named = pathname.endsWith('.html') ? pathname.slice(1) : 'index.html'
  if (named !== 'index.html') {
    const own = await readInside(dev.root, named)
    if (own !== null) return own
  }
  if (dev.layout.index === 'project') return readInside(dev.root, 'index.html')
  return dev.entryUrl === null ? null : synthesisedIndex(dev.entryUrl)
}

/** What reading says of a name that is no file: absent, a folder, too long, holding a NUL. */
const NO_FILE = new Set(['ENOENT', 'EISDIR', 'ENOTDIR', 'ENAMETOOLONG', 'ERR_INVALID_ARG_VALUE'])

/** @param {string} root @param {string} name @returns {Promise<string|null>} */
async function readInside(root, name) {
  const file = path.join(root, decodeURIComponent(name))
  if (!file.startsWith(root + '/')) return null
  try {
    return await fs.readFile(file, 'utf8')
  } catch (error) {
    const code = /** @type {NodeJS.ErrnoException} */ (error).code
    if (code !== undefined && NO_FILE.has(code)) return null
    throw error
  }
}

/** Vite's 403 lists the folders of this machine that it may serve; ours says no. @param {http.ServerResponse} res */
function quieten(res) {
  const write = /** @type {any} */ (res.write.bind(res))
  const end = /** @type {any} */ (res.end.bind(res))
  res.write = (/** @type {any[]} */ ...args) => (res.statusCode === 403 ? true : write(...args))
  res.end = (/** @type {any[]} */ ...args) => (res.statusCode === 403 ? end('Forbidden') : end(...args))
}

/** @param {http.ServerResponse} res @param {string} body */
function html(res, body) {
  begin(res)
  res.end(body)
}

/** Idempotent. @param {http.ServerResponse} res */
function begin(res) {
  if (res.headersSent) return
  res.statusCode = 200
  res.setHeader('Content-Type', 'text/html; charset=utf-8')
  res.setHeader('Cache-Control', 'no-store')
  res.flushHeaders()
}

/** @param {http.ServerResponse} res @param {number} status @param {string} body */
function text(res, status, body) {
  res.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'no-store' })
  res.end(body)
}
