import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { Tree, treeDigest, UnsafePath } from '../src/tree.js'

/** @param {string} name @param {string} content */
const file = (name, content) => ({ path: name, content, encoding: /** @type {const} */ ('utf-8') })
const newTree = () => new Tree(fs.mkdtempSync(path.join(os.tmpdir(), 'tree-')))
/** @param {Tree} tree @param {ReturnType<typeof file>[]} put @param {string[]} [remove] */
function batch(tree, put, remove = []) {
  const plan = tree.plan(put, remove)
  tree.write(plan)
  return plan.change
}

test('the digests of the shared fixture are the same in both languages', () => {
  const cases = JSON.parse(fs.readFileSync(path.join(import.meta.dirname, '../../tests/fixtures/digest.json'), 'utf8'))
  assert.ok(cases.length > 0)
  for (const { name, files, hidden, digest } of cases) {
    const tree = newTree()
    // The control plane never sends what Vite must not see.
    tree.write(tree.plan(files.filter((/** @type {{path: string}} */ f) => !hidden.includes(f.path)), []))
    assert.equal(tree.digest, digest, name)
  }
})

test('a digest does not depend on the order of the files', () => {
  assert.equal(treeDigest([['a', '1'], ['b', '2']]), treeDigest([['b', '2'], ['a', '1']]))
})

for (const name of ['../x', 'a/../../x', '/etc/passwd', 'a//b', './a', 'a\\b', 'a\0b', 'node_modules/x', 'a/node_modules/b', 'a/']) {
  test(`test_g37 the path ${JSON.stringify(name)} is refused and nothing is written`, () => {
    const tree = newTree()
    assert.throws(() => tree.plan([file('ok', '1'), file(name, 'x')], []), UnsafePath)
    assert.deepEqual(fs.readdirSync(tree.dir), [])
  })
}

test('a batch says what it added, changed and removed, and leaves the rest alone', () => {
  const tree = newTree()
  batch(tree, [file('a/one', '1'), file('a/two', '2'), file('b/three', '3')])
  const change = batch(tree, [file('a/one', '1'), file('a/two', 'II'), file('c/four', '4')], ['b/three'])
  assert.deepEqual(change, { added: ['c/four'], changed: ['a/two'], removed: ['b/three'] })
  assert.equal(fs.readFileSync(path.join(tree.dir, 'a/one'), 'utf8'), '1')
  assert.ok(!fs.existsSync(path.join(tree.dir, 'b')), 'the empty folder is gone')
})

test('a file can become a folder and a folder a file in one batch', () => {
  const tree = newTree()
  batch(tree, [file('x', '1'), file('y/z', '2')])
  batch(tree, [file('x/deep', '3'), file('y', '4')], ['x', 'y/z'])
  assert.equal(fs.readFileSync(path.join(tree.dir, 'x/deep'), 'utf8'), '3')
  assert.equal(fs.readFileSync(path.join(tree.dir, 'y'), 'utf8'), '4')
})

test('bytes that are not text arrive as they were', () => {
  const tree = newTree()
  const bytes = Buffer.from([0, 255, 128, 10])
  tree.write(tree.plan([{ path: 'i.png', content: bytes.toString('base64'), encoding: 'base64' }], []))
  assert.deepEqual(fs.readFileSync(path.join(tree.dir, 'i.png')), bytes)
})
