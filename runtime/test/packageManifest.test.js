import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dependenciesOf } from '../src/packages/manifest.js'

test('dependencies win over devDependencies', () => {
  const text = JSON.stringify({ dependencies: { a: '^2' }, devDependencies: { a: '^1', b: '^1' }, peerDependencies: { c: '*' } })
  assert.deepEqual(Object.fromEntries(dependenciesOf(text)), { a: '^2', b: '^1', c: '*' })
})

for (const text of [null, '', '{', '[]', 'null', '"x"', '{"dependencies": []}', '{"dependencies": null}', '{"dependencies": {"a": 1}}', '{"dependencies": {"../a": "1"}}']) {
  test(`${text} asks for nothing`, () => assert.equal(dependenciesOf(text).size, 0))
}
