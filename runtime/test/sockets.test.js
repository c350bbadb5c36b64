import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decide } from '../src/sockets.js'

const caller = 'http://localhost:5173'
const state = { allowedOrigins: [caller], ownOrigin: 'http://preview-a.localhost:1', serving: true }
const base = { path: '/hmr', protocol: /** @type {string|undefined} */ (undefined), origin: /** @type {string|undefined} */ (caller), hostAllowed: true, hasToken: false }

/** @type {[string, Partial<typeof base>, 'vite'|'observer'|number][]} */
const cases = [
  ['the caller page without a subprotocol observes', {}, 'observer'],
  ['the preview page itself may observe', { origin: state.ownOrigin }, 'observer'],
  ['a foreign origin is refused', { origin: 'https://evil.example' }, 403],
  ['an observer without an origin is refused', { origin: undefined }, 400],
  ['an origin that only begins like an allowed one is refused', { origin: caller + '.evil.example' }, 403],
  ['vite-hmr with a token goes to Vite', { protocol: 'vite-hmr', hasToken: true }, 'vite'],
  ['vite-hmr with an origin and no token is refused', { protocol: 'vite-hmr' }, 400],
  ['vite-hmr without an origin goes to Vite', { protocol: 'vite-hmr', origin: undefined }, 'vite'],
  ['vite-ping is answered when Vite serves', { protocol: 'vite-ping' }, 'vite'],
  ['two subprotocols are refused', { protocol: 'vite-hmr, vite-ping', hasToken: true }, 400],
  ['another subprotocol is refused', { protocol: 'graphql-ws' }, 400],
  ['another path is refused', { path: '/' }, 404],
  ['another host is refused before anything else', { hostAllowed: false, path: '/' }, 403],
]
for (const [name, change, verdict] of cases) {
  test(name, () => assert.equal(decide({ ...base, ...change }, state), verdict))
}

test('before Vite serves its clients wait and observers do not', () => {
  const starting = { ...state, serving: false }
  assert.equal(decide({ ...base, protocol: 'vite-ping' }, starting), 503)
  assert.equal(decide({ ...base, protocol: 'vite-hmr', hasToken: true }, starting), 503)
  assert.equal(decide(base, starting), 'observer')
})
