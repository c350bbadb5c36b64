import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lookup, reachable } from '../src/loopback.js'

/** @type {[string, string[]][]} */
const cases = [
  ['127.0.0.1', ['127.0.0.1']],
  ['0.0.0.0', ['127.0.0.1']],
  ['::1', ['::1']],
  ['::', ['::1', '127.0.0.1']],
  ['10.1.2.3', ['10.1.2.3']],
  ['fd00::7', ['fd00::7']],
]
for (const [bound, addresses] of cases) {
  test(`test_g08 a server on ${bound} is reached at ${addresses.join(' or ')}`, () => {
    assert.deepEqual(reachable(bound).map((one) => one.address), addresses)
  })
}

test('whoever asks for one address gets the first', () => {
  lookup(reachable('::'))('preview.invalid', {}, (error, address, family) => {
    assert.deepEqual([error, address, family], [null, '::1', 6])
  })
})
