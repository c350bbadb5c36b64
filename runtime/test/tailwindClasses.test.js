import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readable, withReadableSources } from '../src/tailwindClasses.js'

test('a word that is longer than any class is broken, and no text is lost', () => {
  const word = '['.repeat(20_000)
  const found = readable(`a ${word} b`)
  assert.ok(found.split(/\s/).every((part) => part.length <= 2000))
  assert.equal(found.replaceAll('\n', ''), `a ${word} b`)
  assert.equal(readable('<p class="p-4 [&>*]:m-2">'), '<p class="p-4 [&>*]:m-2">')
})

test('whatever shape a config has, Tailwind gets its sources readable; its own transform stays', () => {
  const own = { files: ['./a.tsx'], transform: String }
  assert.deepEqual(withReadableSources({ theme: 1, content: ['./a.tsx'] }), { theme: 1, content: { files: ['./a.tsx'], transform: readable } })
  assert.deepEqual(withReadableSources({ content: { files: ['./a.tsx'], relative: true } }).content, { files: ['./a.tsx'], relative: true, transform: readable })
  assert.equal(withReadableSources({ content: own }).content, own)
  for (const config of [undefined, null, {}, { content: 7 }]) assert.equal(withReadableSources(config), config)
})
