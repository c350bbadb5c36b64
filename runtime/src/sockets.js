/**
 * Every WebSocket upgrade of the preview's port gets an answer: Vite's own clients are handed on, the caller's page
 * becomes an observer, everything else gets an HTTP error at once (stock Vite leaves it hanging for ever).
 */
import { STATUS_CODES } from 'node:http'
import { setTimeout as after } from 'node:timers/promises'
import { parseUrl } from './requestUrl.js'
import { WebSocket, WebSocketServer } from 'ws'

/** Below the idle time-out of common proxies (30-60 s). */
const PING_INTERVAL_MS = 25_000
/** A frame of a client is dropped unread; a larger one than this ends the socket. */
const MAX_FRAME_BYTES = 64 * 1024
/** More observers of one session than any honest caller opens. */
const MAX_OBSERVERS = 100

const RESTARTING = 1012
/** Observers answer a close at once; one that does not is not waited for. */
const FAREWELL_MS = 250

/** A close without a status is answered with 1000: the caller's page reconnects for ever otherwise. */
class ObserverSocket extends WebSocket {
  /** @param {number} [code] @param {string|Buffer} [reason] */
  close(code = 1000, reason) {
    super.close(code, reason)
  }
}

/**
 * What to do with an upgrade. Pure.
 * @param {{path: string, protocol: string|undefined, origin: string|undefined, hostAllowed: boolean, hasToken: boolean}} upgrade
 * @param {{allowedOrigins: string[], ownOrigin: string, serving: boolean}} state
 * @returns {'vite'|'observer'|number} a number is the HTTP status of the refusal
 */
export function decide(upgrade, state) {
  if (!upgrade.hostAllowed) return 403
  if (upgrade.path !== '/hmr') return 404
  if (upgrade.protocol === 'vite-ping') return state.serving ? 'vite' : 503
  if (upgrade.protocol === 'vite-hmr') {
    if (upgrade.origin !== undefined && !upgrade.hasToken) return 400
    return state.serving ? 'vite' : 503
  }
  if (upgrade.protocol !== undefined) return 400
  if (upgrade.origin === undefined) return 400
  return [...state.allowedOrigins, state.ownOrigin].includes(upgrade.origin) ? 'observer' : 403
}

export class Sockets {
  /**
   * @param {object} options
   * @param {import('./settings.js').Settings} options.settings
   * @param {(host: string|undefined) => boolean} options.hostAllowed
   * @param {() => import('./devServer.js').DevServer|null} options.devServer the one that serves, or null
   * @param {() => any} options.standing the payload of the error that stands, or null
   */
  constructor({ settings, hostAllowed, devServer, standing }) {
    this.settings = settings
    this.hostAllowed = hostAllowed
    this.devServer = devServer
    this.server = new WebSocketServer({ noServer: true, maxPayload: MAX_FRAME_BYTES, WebSocket: ObserverSocket })
    this.timer = setInterval(() => this.#ping(), PING_INTERVAL_MS)
    this.timer.unref()
    this.standing = standing
  }

  get observers() {
    return this.server.clients.size
  }

  /** @param {import('node:http').IncomingMessage} req @param {import('node:stream').Duplex} socket @param {Buffer} head */
  upgrade(req, socket, head) {
    socket.on('error', () => socket.destroy())
    const url = parseUrl(req)
    const dev = this.devServer()
    const verdict = url === null ? 400 : decide({
      path: url.pathname,
      protocol: req.headers['sec-websocket-protocol'],
      origin: req.headers.origin,
      hostAllowed: this.hostAllowed(req.headers.host),
      hasToken: url.searchParams.has('token'),
    }, {
      allowedOrigins: this.settings.allowedOrigins,
      ownOrigin: this.settings.publicUrl.origin,
      serving: dev !== null,
    })
    if (verdict === 'vite' && dev !== null) this.#handOn(dev, req, socket, head)
    else if (verdict === 'observer' && isWebSocket(req)) this.#observe(req, socket, head)
    else refuse(socket, typeof verdict === 'number' ? verdict : 400)
  }

  /** @param {import('./devServer.js').DevServer} dev @param {import('node:http').IncomingMessage} req @param {import('node:stream').Duplex} socket @param {Buffer} head */
  #handOn(dev, req, socket, head) {
    if (!isWebSocket(req) || dev.upgrades.listenerCount('upgrade') === 0) return refuse(socket, 400)
    dev.upgrades.emit('upgrade', req, socket, head)
  }

  /** @param {import('node:http').IncomingMessage} req @param {import('node:stream').Duplex} socket @param {Buffer} head */
  #observe(req, socket, head) {
    if (this.observers >= MAX_OBSERVERS) return refuse(socket, 429)
    this.server.handleUpgrade(req, socket, head, (ws) => {
      ws.on('error', () => ws.terminate())
      ws.on('pong', () => { alive.add(ws) })
      alive.add(ws)
      ws.send(JSON.stringify({ type: 'connected' }))
      const standing = this.standing()
      if (standing !== null) ws.send(JSON.stringify(standing))
    })
  }

  /** @param {any} payload JSON, already cleaned */
  broadcast(payload) {
    const text = JSON.stringify(payload)
    for (const ws of this.server.clients) if (ws.readyState === WebSocket.OPEN) ws.send(text)
  }

  #ping() {
    for (const ws of this.server.clients) {
      if (!alive.delete(ws)) ws.terminate()
      else ws.ping()
    }
  }

  /**
   * @param {boolean} ended the session is over (1000: do not come back), or only this process (1012: come back)
   * @returns {Promise<void>} when all have answered, or had the time to: a proxy that finds the connection gone before it
   *   has read the status hands on another one
   */
  async close(ended) {
    clearInterval(this.timer)
    const gone = [...this.server.clients].map((ws) => new Promise((resolve) => {
      ws.once('close', resolve)
      ws.close(ended ? 1000 : RESTARTING)
    }))
    await Promise.race([Promise.all(gone), after(FAREWELL_MS)])
  }
}

/** Observers that answered the last ping. @type {WeakSet<WebSocket>} */
const alive = new WeakSet()

/** @param {import('node:http').IncomingMessage} req */
function isWebSocket(req) {
  return req.method === 'GET' && req.headers.upgrade?.toLowerCase() === 'websocket'
    && /^[+/0-9A-Za-z]{22}==$/.test(req.headers['sec-websocket-key'] ?? '')
}

/** @param {import('node:stream').Duplex} socket @param {number} status */
function refuse(socket, status) {
  const text = STATUS_CODES[status] ?? 'Error'
  const retry = status === 503 ? 'Retry-After: 1\r\n' : ''
  socket.end(`HTTP/1.1 ${status} ${text}\r\nConnection: close\r\nContent-Type: text/plain\r\n${retry}Content-Length: ${text.length}\r\n\r\n${text}`)
}
