import assert from 'node:assert/strict'
import { test } from 'node:test'
import postcss from 'postcss'
import { aroundTailwind } from '../src/plainRules.js'

/** What Tailwind would see of a stylesheet, and what comes out. @param {string} css @param {import('postcss').Plugin} [between] */
async function pass(css, between) {
  let seen = ''
  const [before, after] = aroundTailwind()
  /** @type {import('postcss').Plugin} */
  const spy = { postcssPlugin: 'spy', Once(root) { seen = root.toString() } }
  const { css: out } = await postcss([before, spy, ...(between ? [between] : []), after]).process(css, { from: undefined })
  return { seen, out }
}

test('Tailwind sees the same text when only a plain rule changes', async () => {
  const sheet = (/** @type {string} */ colour) => `@tailwind base;\n.a { color: ${colour} }\n@tailwind utilities;\n.b:hover { margin: 0 }\n`
  const [red, blue] = [await pass(sheet('red')), await pass(sheet('blue'))]
  assert.equal(red.seen, blue.seen)
  assert.equal(blue.out, sheet('blue'))
})

/** @type {[string, string][]} */
const kept = [
  ['a layer', '@layer components { .btn { color: red } }'],
  ['a rule with @apply', '.a { @apply p-2 }'],
  ['a rule that another applies', '.btn { color: red }\n.a { @apply btn }'],
  ['a rule with a variant that another applies', '.hover\\:btn { color: red }\n.a { @apply hover:btn }'],
  ['a rule with theme()', '.a { color: theme("colors.red.500") }'],
  ['a media query', '@media (min-width: 1px) { .a { color: red } }'],
  ['a rule with rules in it', '.a { & .b { color: red } }'],
]
for (const [name, css] of kept) {
  test(`${name} stays for Tailwind`, async () => {
    const { seen, out } = await pass(css)
    assert.equal(seen, css)
    assert.equal(out, css)
  })
}

test('a rule whose place was removed is not lost', async () => {
  /** @type {import('postcss').Plugin} */
  const sweeper = { postcssPlugin: 'sweeper', Once(root) { root.walkComments((c) => { c.remove() }) } }
  assert.match((await pass('.a { color: red }', sweeper)).out, /\.a \{ color: red \}/)
})
