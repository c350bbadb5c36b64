/**
 * G9: Ready means that a page really works. Asked over the preview's own port, as a browser would: the HTML, Vite's
 * client, the entry module and its stylesheets answer with the right types, stylesheets hold no `@tailwind`, and an
 * HMR client is greeted. An entry that does not compile is the project's fault, not the session's: it stays Ready.
 */
import http from 'node:http'
import { WebSocket } from 'ws'
import { lookup } from './loopback.js'

/** The slowest first compile seen on two busy cores, with room. */
const TIMEOUT_MS = 20_000

/** Never resolved: the addresses are known. Any name that is no address makes Node ask for them. */
const SELF = 'preview.invalid'

/** Header with which the self-check says who it is: it asks for the page, and is no visitor. */
export const SELF_CHECK = 'x-kontext-preview-self-check'

const DIRECTIVE = /@tailwind\s+(base|components|utilities|variants|screens)\b/

/** @typedef {{addresses: import('./loopback.js').Address[], port: number, host: string}} Server   `host`: the Host header */

/**
 * @param {Server & {token: string, mark: string, entryUrl: string|null, compiles: boolean, stylesheets: () => string[]}} target
 * @returns {Promise<string|null>} null when ready, else what is missing
 */
export async function check({ token, entryUrl, compiles, stylesheets, ...server }) {
  const page = await get(server, '/', 'text/html')
  if (page.status !== 200 || !page.type.startsWith('text/html')) return `the page answers ${page.status}`
  if (entryUrl === null) return null
  const client = await get(server, '/@vite/client')
  if (client.status !== 200 || !isScript(client.type)) return `/@vite/client answers ${client.status}`
  if (compiles) {
    const entry = await get(server, entryUrl)
    if (entry.status !== 200 || !isScript(entry.type)) return `the entry module answers ${entry.status}`
    for (const url of stylesheets()) {
      const css = await get(server, url)
      if (css.status !== 200 || !isScript(css.type)) return `a stylesheet answers ${css.status}`
      if (DIRECTIVE.test(css.body.replaceAll(/\/\*.*?\*\//gs, ''))) return 'a stylesheet still holds @tailwind: PostCSS does not run Tailwind'
    }
  }
  return greets(server, token)
}

/** @param {string} type */
const isScript = (type) => /^(text|application)\/javascript/.test(type)

/**
 * @param {Server & {mark: string}} server @param {string} path @param {string} [accept]
 * @returns {Promise<{status: number, type: string, body: string}>}
 */
function get({ addresses, port, host, mark }, path, accept = '*/*') {
  return new Promise((resolve, reject) => {
    const options = { host: SELF, lookup: lookup(addresses), port, path, headers: { host, accept, [SELF_CHECK]: mark }, timeout: TIMEOUT_MS, agent: false }
    const req = http.get(options, (res) => {
      let body = ''
      res.setEncoding('utf8')
      res.on('data', (chunk) => { body += chunk })
      res.on('end', () => resolve({ status: res.statusCode ?? 0, type: res.headers['content-type'] ?? '', body }))
      res.on('error', reject)
    })
    req.on('timeout', () => req.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)))
    req.on('error', reject)
  })
}

/** @param {Server} server @param {string} token @returns {Promise<string|null>} */
function greets({ addresses, port, host }, token) {
  return new Promise((resolve) => {
    const options = { headers: { host }, handshakeTimeout: TIMEOUT_MS, lookup: lookup(addresses) }
    const ws = new WebSocket(`ws://${SELF}:${port}/hmr?token=${token}`, 'vite-hmr', options)
    /** @param {string|null} verdict */
    const end = (verdict) => {
      ws.terminate()
      resolve(verdict)
    }
    ws.on('message', (data) => end(String(data).includes('"connected"') ? null : 'the HMR socket greets with something else'))
    ws.on('error', (error) => end(`the HMR socket fails: ${error.message}`))
    ws.on('close', () => end('the HMR socket is closed before it greets'))
  })
}
