import assert from 'node:assert/strict'
import { test } from 'node:test'
import { misfit } from '../src/session.js'

const layout = { root: '', entry: null, index: /** @type {const} */ ('synthesised'), mount: false }
const here = { revision: 5, digest: 'd', layout }
const starting = { revision: 0, digest: 'none', layout: null }
const damaged = { ...here, layout: null }

/** @type {[string, Parameters<typeof misfit>[0], Parameters<typeof misfit>[1], boolean][]} */
const cases = [
  ['a new runtime takes any whole tree', starting, { revision: 3 }, true],
  ['a newer whole tree is taken, gaps and all', here, { revision: 9 }, true],
  ['the same revision is taken again', here, { revision: 5 }, true],
  ['test_g42 an older whole tree does not undo a newer one', here, { revision: 4 }, false],
  ['a damaged runtime takes what it gets', damaged, { revision: 4 }, true],
  ['a patch on top of what is here is taken', here, { revision: 6, baseRevision: 5, baseDigest: 'd' }, true],
  ['test_g29 a patch that leads back is refused', here, { revision: 4, baseRevision: 5, baseDigest: 'd' }, false],
  ['a patch on another revision is refused', here, { revision: 7, baseRevision: 6, baseDigest: 'd' }, false],
  ['a patch on another tree is refused', here, { revision: 6, baseRevision: 5, baseDigest: 'e' }, false],
  ['a patch needs a tree to stand on', starting, { revision: 1, baseRevision: 0, baseDigest: 'none' }, false],
]
for (const [name, at, message, fits] of cases) test(name, () => assert.equal(misfit(at, message) === null, fits))

test('a refusal says what the runtime has', () => assert.match(String(misfit(here, { revision: 4 })), /at revision 5/))
