import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isErasable, isErased } from '../src/erasure.js'

const BEFORE = `import { useState } from 'react'
import { Item } from './types'
export default function App({ items }: { items: Item[] }) {
  const [open, setOpen] = useState<boolean>(false)
  return <p onClick={() => setOpen(!open)}>Hello {items.length}</p>
}
`

/** @type {[string, string, boolean][]} */
const CASES = [
  ['a comment', BEFORE.replace('  return', '  // why\n  return'), true],
  ['layout', BEFORE.replace('return <p', 'return (\n    <p').replace('</p>', '</p>\n  )'), true],
  ['a type', BEFORE.replace('Item[]', 'readonly Item[]'), true],
  ['an import that only types use', BEFORE.replace("import { Item } from './types'\n", '').replace('Item[]', 'string[]'), true],
  ['another quote', BEFORE.replace("'react'", '"react"'), true],
  ['a text', BEFORE.replace('Hello', 'Hi'), false],
  ['space within a line of text', BEFORE.replace('Hello {', 'Hello  {'), false],
  ['a value', BEFORE.replace('(false)', '(true)'), false],
  ['an instruction', '// @refresh reset\n' + BEFORE, false],
  ['what does not compile', BEFORE.replace('</p>', ''), false],
]

for (const [name, after, expected] of CASES) {
  test(`${name} is ${expected ? 'nothing' : 'something'} when it runs`, async () => {
    assert.equal(await isErased('/x/App.tsx', BEFORE, after), expected)
  })
}

test('a generic arrow of a .ts is no element', async () => {
  assert.equal(await isErased('/x/a.ts', 'export const f = <T>(x: T) => <any>x', 'export const f = <T,>(x: T) => x'), true)
})

test('only modules may have such edits', () => {
  assert.deepEqual(['a.tsx', 'a.mjs', 'a.cts', 'a.css', 'a.json', 'a.html', 'a.vue'].filter(isErasable), ['a.tsx', 'a.mjs', 'a.cts'])
})
