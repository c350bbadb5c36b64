import assert from 'node:assert/strict'
import http from 'node:http'
import os from 'node:os'
import { after, test } from 'node:test'
import { WebSocketServer } from 'ws'
import { reachable } from '../src/loopback.js'
import { check } from '../src/readiness.js'

/** @type {(() => void)[]} */
const closers = []
after(() => closers.forEach((close) => close()))

/**
 * A server that plays the preview.
 * @param {Record<string, [number, string, string]>} answers @param {string} [greeting] @param {import('node:net').ListenOptions} [bind]
 */
async function preview(answers, greeting = '{"type":"connected"}', bind = { host: '127.0.0.1' }) {
  const server = http.createServer((req, res) => {
    const [status, type, body] = answers[req.url ?? ''] ?? [404, 'text/plain', '']
    res.writeHead(status, { 'Content-Type': type })
    res.end(body)
  })
  const sockets = new WebSocketServer({ server })
  sockets.on('connection', (socket) => socket.send(greeting))
  closers.push(() => { sockets.close(); server.close() })
  await new Promise((resolve) => { server.listen({ port: 0, ...bind }, () => resolve(undefined)) })
  const { address, port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  return { addresses: reachable(address), port, host: `127.0.0.1:${port}`, mark: 'test', token: 't', entryUrl: '/src/index.tsx', compiles: true, stylesheets: () => ['/a.css'] }
}

/** @type {Record<string, [number, string, string]>} */
const good = {
  '/': [200, 'text/html', '<div id="root">'],
  '/@vite/client': [200, 'text/javascript', ''],
  '/src/index.tsx': [200, 'text/javascript', ''],
  '/a.css': [200, 'text/javascript', '.p-2{}'],
}

test('test_g09 ready when page, client, entry, stylesheet and socket answer', async () => {
  assert.equal(await check(await preview(good)), null)
})

/** @type {[string, Record<string, [number, string, string]>, RegExp][]} */
const cases = [
  ['a page of another type', { '/': [200, 'text/plain', ''] }, /page/],
  ['no client', { '/@vite/client': [404, 'text/plain', ''] }, /client/],
  ['an entry that is served as HTML', { '/src/index.tsx': [200, 'text/html', ''] }, /entry/],
  ['a stylesheet that Tailwind never saw', { '/a.css': [200, 'text/javascript', '"@tailwind base;"'] }, /@tailwind/],
  ['a stylesheet that fails', { '/a.css': [500, 'text/plain', ''] }, /stylesheet/],
]
for (const [name, change, missing] of cases) {
  test(`test_g09 not ready with ${name}`, async () => {
    assert.match(String(await check(await preview({ ...good, ...change }))), missing)
  })
}

test('test_g09 not ready when the socket does not greet', async () => {
  assert.match(String(await check(await preview(good, 'hello'))), /socket/)
})

test('an entry that does not compile leaves the session ready', async () => {
  const answers = { ...good, '/src/index.tsx': /** @type {[number, string, string]} */ ([500, 'text/plain', 'syntax error']) }
  assert.equal(await check({ ...await preview(answers), compiles: false }), null)
})

const hasIpv6 = Object.values(os.networkInterfaces()).flat().some((one) => one?.address === '::1')

/** @type {[string, import('node:net').ListenOptions, boolean][]} */
const binds = [
  ['IPv4 only', { host: '0.0.0.0' }, true],
  ['the IPv6 loopback', { host: '::1' }, hasIpv6],
  ['IPv6 only', { host: '::', ipv6Only: true }, hasIpv6],
  ['every family', {}, true],
]
for (const [name, bind, possible] of binds) {
  test(`test_g08 the self-check finds a server that listens on ${name}`, { skip: !possible && 'this machine has no IPv6' }, async () => {
    assert.equal(await check(await preview(good, undefined, bind)), null)
  })
}
