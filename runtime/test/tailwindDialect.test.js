import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dialectOf, majorOf } from '../src/tailwindDialect.js'

const nothing = () => null

/** @type {[string, 3|4|null, 3|4|null][]} stylesheet; what it is in a project for 3; in a project for 4 */
const sheets = [
  ['@import "tailwindcss";', 4, 4],
  ["@import 'tailwindcss/preflight' layer(base);", 4, 4],
  ['@import url("tailwindcss/theme.css");', 4, 4],
  ['@import "tailwindcss" prefix(tw) source(none);', 4, 4],
  ['@tailwind base;\n@tailwind components;\n@tailwind utilities;', 3, 3],
  ['@import "tailwindcss/base";\n@import "tailwindcss/utilities";', 3, 3],
  ['@tailwind utilities;', 3, 4],
  ['@import "tailwindcss/utilities";', 3, 4],
  ['.x { @apply p-2 }', 3, 4],
  ['@config "./tailwind.config.js";', 3, 4],
  ['@theme { --color-x: red }', 4, 4],
  ['@tailwind base; @theme { --color-x: red }', 3, 4],
  ['@import "tailwindcss"; @tailwind base;', 4, 4],
  ['.x { margin: --spacing(4) }', 4, 4],
  ['.x { color: red }', null, null],
  ['/* @import "tailwindcss"; */ .x { color: red }', null, null],
  ['@import "./tailwindcss.css";', null, null],
]
for (const [css, in3, in4] of sheets) {
  test(`${css.replaceAll('\n', ' ')} is for ${in3} in a project for 3, for ${in4} in one for 4`, () => {
    assert.equal(dialectOf(css, 3, nothing), in3)
    assert.equal(dialectOf(css, 4, nothing), in4)
  })
}

test('a stylesheet is for what it imports', () => {
  assert.equal(dialectOf('@import "./a.css";\n.x { @apply p-2 }', 3, (id) => (id === './a.css' ? 4 : null)), 4)
})

test('stylesheets that import each other come to an end', () => {
  /** @type {(id: string, depth: number) => 3|4|null} */
  const circle = (_, depth) => dialectOf('@import "./a.css";', 4, circle, depth)
  assert.equal(circle('', 0), null)
})

/** @type {[string|null, 3|4][]} */
const manifests = [
  [null, 3],
  ['{}', 3],
  ['not json', 3],
  ['null', 3],
  ['{"devDependencies": {"tailwindcss": "^3.4.1"}}', 3],
  ['{"devDependencies": {"tailwindcss": "^4"}}', 4],
  ['{"dependencies": {"tailwindcss": "latest"}}', 4],
  ['{"devDependencies": {"@tailwindcss/vite": "^4.1.0"}}', 4],
]
for (const [manifest, major] of manifests) {
  test(`a manifest ${manifest} is for Tailwind ${major}`, () => assert.equal(majorOf(manifest), major))
}
