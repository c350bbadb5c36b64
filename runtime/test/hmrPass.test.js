import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Group, leafFirst, message, outcome } from '../src/hmrPass.js'

/** @param {string} path @param {number} [timestamp] */
const update = (path, timestamp = 1) => ({ type: 'js-update', path, acceptedPath: path, timestamp })
/** @param {...any} payloads */
function group(...payloads) {
  const made = new Group()
  payloads.forEach((p) => made.collect(p))
  return made
}
/** @param {...string} paths */
const updates = (...paths) => ({ type: 'update', updates: paths.map((p) => update(p)) })

test('many updates become one message, each module once and in its latest place', () => {
  const merged = group(updates('/a.tsx', '/b.tsx'), { type: 'update', updates: [update('/a.tsx', 2)] })
  assert.deepEqual(message(merged), { type: 'update', updates: [update('/b.tsx'), update('/a.tsx', 2)] })
})

test('a full reload wins over updates', () => {
  const merged = group(updates('/a.tsx'), { type: 'full-reload', path: '*' })
  assert.deepEqual(message(merged), { type: 'full-reload', path: '*' })
  assert.equal(outcome(merged, false).kind, 'full-reload')
})

test('nothing emitted is no message', () => {
  assert.equal(message(new Group()), null)
  assert.deepEqual(outcome(new Group(), false), { kind: 'none', modules: [] })
})

test('a batch that does not compile sends nothing and is an error', () => {
  assert.equal(outcome(new Group(), true).kind, 'error')
})

test('only stylesheets is css, a module among them is an update', () => {
  assert.deepEqual(outcome(group(updates('/a.css', '/b.scss?inline')), false), { kind: 'css', modules: ['/a.css', '/b.scss?inline'] })
  assert.equal(outcome(group(updates('/a.css', '/b.tsx')), false).kind, 'update')
})

test('a released group brings its updates along', () => {
  const released = group(updates('/a.tsx'))
  released.absorb(group(updates('/b.tsx')))
  assert.deepEqual(outcome(released, false).modules, ['/a.tsx', '/b.tsx'])
})

test('a held group is superseded only by one that has all its updates', () => {
  assert.ok(group(updates('/a.tsx')).supersededBy(group(updates('/a.tsx', '/b.tsx'))))
  assert.ok(!group(updates('/a.tsx', '/c.tsx')).supersededBy(group(updates('/a.tsx'))))
  assert.ok(!group({ type: 'full-reload' }).supersededBy(group(updates('/a.tsx'))))
})

test('an imported file comes before its importer, in cycles too', () => {
  /** @type {Record<string, string[]>} */
  const imports = { app: ['button', 'hook'], button: ['hook'], hook: [], a: ['b'], b: ['a'] }
  const order = leafFirst(['app', 'button', 'hook', 'a', 'b'], (f) => imports[f] ?? [])
  assert.ok(order.indexOf('hook') < order.indexOf('button') && order.indexOf('button') < order.indexOf('app'))
  assert.deepEqual([...order].sort(), ['a', 'app', 'b', 'button', 'hook'])
})
