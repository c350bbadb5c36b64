/** The control API: the one way into a session. Bearer token on everything but the two probes. */
import crypto from 'node:crypto'
import fs from 'node:fs'
import http from 'node:http'
import { createRequire } from 'node:module'
import { log } from './log.js'
import { invalid } from './messages.js'
import { InUse, Mismatch } from './session.js'
import { UnsafePath } from './tree.js'

/** Without loading Vite itself, which takes longer than everything else here. @type {string} */
const viteVersion = createRequire(import.meta.url)('vite/package.json').version

/** The API accepts 64 MiB of JSON; base64 and escapes make the same files larger here. */
const BODY_LIMIT = 160 * 1024 * 1024

class Refusal extends Error {
  /** @param {number} status @param {string} code @param {string} message */
  constructor(status, code, message) {
    super(message)
    this.status = status
    this.code = code
  }
}

export class Control {
  /**
   * @param {object} options
   * @param {string} options.token
   * @param {import('./session.js').Session} options.session
   * @param {() => {hmr: number, watching: number, observers: number}} options.clients
   * @param {(ended: boolean) => void} options.shutdown
   */
  constructor({ token, session, clients, shutdown }) {
    this.expected = crypto.createHash('sha256').update(`Bearer ${token}`).digest()
    this.session = session
    this.clients = clients
    this.shutdown = shutdown
    this.server = http.createServer((req, res) => {
      this.#route(req).then(([status, body]) => send(res, status, body), (error) => this.#problem(error, res))
    })
  }

  /** @param {http.IncomingMessage} req @returns {Promise<[number, unknown]>} */
  async #route(req) {
    const route = `${req.method} ${(req.url ?? '').split('?')[0]}`
    if (route === 'GET /healthz') return [200, { status: 'ok' }]
    if (route === 'GET /readyz') return this.session.ready ? [200, { status: 'ready' }] : [503, { status: this.session.phase }]
    this.#authorise(req)
    switch (route) {
      case 'GET /v1/status': return [200, this.#status()]
      case 'PUT /v1/files': return [200, await this.session.put(await read(req, 'PutFiles'))]
      case 'PATCH /v1/files': return [200, await this.session.patch(await read(req, 'PatchFiles'))]
      case 'PUT /v1/host':
        await this.session.move((await read(req, 'PutHost')).host)
        return [200, this.#status()]
      case 'POST /v1/shutdown':
        setImmediate(() => this.shutdown((req.url ?? '').includes('ended=true')))
        return [202, { status: 'shutting down' }]
      default: throw new Refusal(404, 'NOT_FOUND', 'no such call')
    }
  }

  /** @param {http.IncomingMessage} req */
  #authorise(req) {
    const given = crypto.createHash('sha256').update(req.headers.authorization ?? '').digest()
    if (!crypto.timingSafeEqual(given, this.expected)) throw new Refusal(401, 'UNAUTHORIZED', 'a valid bearer token is needed')
  }

  #status() {
    const { session } = this
    const clients = this.clients()
    if (clients.watching > 0) session.touch()
    return {
      phase: session.phase,
      revision: session.revision,
      digest: session.digest,
      layout: session.layout,
      clients,
      lastActivityAt: session.lastActivityAt,
      lastError: session.lastError,
      restarts: session.restarts,
      rssBytes: familyRss(),
      vite: viteVersion,
      installing: session.packages.unsettled,
      host: session.settings.publicUrl.hostname,
    }
  }

  /** @param {unknown} error @param {http.ServerResponse} res */
  #problem(error, res) {
    const at = { revision: this.session.revision, digest: this.session.digest }
    if (error instanceof Mismatch) return send(res, 409, { code: error.code, error: error.message, ...at })
    if (error instanceof InUse) return send(res, 409, { code: 'IN_USE', error: error.message, ...at })
    if (error instanceof UnsafePath) return send(res, 400, { code: 'INVALID_MESSAGE', error: error.message, revision: null, digest: null })
    if (error instanceof Refusal) return send(res, error.status, { code: error.code, error: error.message, revision: null, digest: null })
    log('error', 'a control call failed', { error: error instanceof Error ? error.name : 'unknown' })
    return send(res, 500, { code: 'INTERNAL', error: 'the runtime failed', revision: null, digest: null })
  }
}

/** @param {http.IncomingMessage} req @param {string} message @returns {Promise<any>} */
async function read(req, message) {
  const chunks = []
  let size = 0
  for await (const chunk of req) {
    size += chunk.length
    if (size > BODY_LIMIT) throw new Refusal(413, 'PAYLOAD_TOO_LARGE', `a message is at most ${BODY_LIMIT} bytes`)
    chunks.push(chunk)
  }
  let value
  try {
    value = JSON.parse(Buffer.concat(chunks).toString('utf8'))
  } catch {
    throw new Refusal(400, 'INVALID_MESSAGE', 'the body is not JSON')
  }
  const wrong = invalid(message, value)
  if (wrong !== null) throw new Refusal(400, 'INVALID_MESSAGE', `${message}: ${wrong}`)
  return value
}

/** @param {http.ServerResponse} res @param {number} status @param {unknown} body */
function send(res, status, body) {
  const text = JSON.stringify(body)
  res.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) })
  res.end(text)
}

/** Resident memory of this process and its children (esbuild), bytes. Without /proc: of this process alone. */
function familyRss() {
  let total = process.memoryUsage.rss()
  try {
    const children = fs.readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim()
    for (const pid of children.split(' ').filter(Boolean)) {
      const pages = Number(fs.readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1])
      total += pages * 4096
    }
  } catch (error) {
    // No /proc (macOS), or a child that ended between the two reads.
    if (!(error instanceof Error && 'code' in error)) throw error
  }
  return total
}
