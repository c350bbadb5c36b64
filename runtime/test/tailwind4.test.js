import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { CrashNote } from '../src/crashNote.js'
import { rebase, stylesheetFile, Tailwind4 } from '../src/tailwind4.js'

/** @param {import('node:test').TestContext} t @param {Record<string, string>} files @returns {string} absolute root */
function project(t, files) {
  const root = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'tailwind-')))
  t.after(() => fs.rmSync(root, { recursive: true }))
  for (const [name, text] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(root, name)), { recursive: true })
    fs.writeFileSync(path.join(root, name), text)
  }
  return root
}

/** @param {string} root */
const tailwindIn = (root) => new Tailwind4(root, new CrashNote(root, 0, null, () => false))

/** @type {{resolve: import('../src/tailwind4.js').Resolve, watch: (file: string) => void}} */
const host = { resolve: async (id, base) => path.resolve(base, id), watch: () => {} }

test('classes are found in a folder that Git ignores, and not in what the runtime keeps there', async (t) => {
  const root = path.join(project(t, {
    '.git/HEAD': 'ref: refs/heads/main', '.gitignore': 'files', 'files/.gitignore': 'a.tsx', 'files/src/a.tsx': '"p-[1px]"',
    'files/.kontext-preview/deps/b.js': '"p-[2px]"', 'files/style.css': '"p-[3px]"',
    'files/src/frontend/.kontext-preview/deps/b.js': '"p-[2px]"',
  }), 'files')
  const css = await tailwindIn(root).compile('@import "tailwindcss";', path.join(root, 'style.css'), host) ?? ''
  assert.match(css, /padding: 1px/)
  assert.doesNotMatch(css, /padding: [23]px/)
})

test('classes of a package are found where the session keeps its packages', async (t) => {
  const root = project(t, { 'files/src/a.tsx': '', 'node_modules/kit/dist/a.js': '"p-[4px]"' })
  const sheet = '@import "tailwindcss";\n@source "../node_modules/kit/dist";'
  const css = await tailwindIn(path.join(root, 'files')).compile(sheet, path.join(root, 'files/src/style.css'), host)
  assert.match(css ?? '', /padding: 4px/)
})

test('only a new class makes a stylesheet another one', async (t) => {
  const root = project(t, { 'src/a.tsx': '"p-1"' })
  const tailwind = tailwindIn(root)
  const file = path.join(root, 'src/style.css')
  fs.writeFileSync(file, '')
  await tailwind.compile('@import "tailwindcss";', file, host)
  fs.writeFileSync(path.join(root, 'src/b.tsx'), '"p-1 hello world"')
  assert.deepEqual(tailwind.restyled(), [])
  fs.writeFileSync(path.join(root, 'src/b.tsx'), '"p-1 p-[5px]"')
  assert.deepEqual(tailwind.restyled(), [file])
  assert.deepEqual(tailwind.restyled(), [])
})

test('a stylesheet for neither major is left alone', async (t) => {
  const root = project(t, { 'package.json': '{"dependencies": {"tailwindcss": "4"}}' })
  const tailwind = tailwindIn(root)
  assert.equal(await tailwind.compile('a { color: red }', path.join(root, 'style.css'), host), null)
  assert.equal(tailwind.isFor3(path.join(root, 'style.css')), false)
})

/** @type {[string, string][]} */
const addresses = [
  ['url(i.png)', 'url(./sub/i.png)'],
  ['url("../i.png")', 'url("./i.png")'],
  ["url( './i.png' )", "url('./sub/i.png')"],
  ['url(data:image/png;base64,AA)', 'url(data:image/png;base64,AA)'],
  ['url(https://x/i.png)', 'url(https://x/i.png)'],
  ['url(/i.png)', 'url(/i.png)'],
  ['url(#mask)', 'url(#mask)'],
  ['url(var(--x))', 'url(var(--x))'],
  ['@import url("./x.css")', '@import url("./x.css")'],
]
for (const [before, after] of addresses) {
  test(`${before} of an imported stylesheet is ${after} in the one that imports it`, () => {
    assert.equal(rebase(before, '/a/sub', '/a'), after)
  })
}

/** @type {[string, string|null][]} */
const ids = [
  ['/a/style.css', '/a/style.css'],
  ['/a/style.css?inline', '/a/style.css'],
  ['/a/style.css?raw', null],
  ['/a/style.css?url', null],
  ['/a/style.scss', null],
  ['/a/style.tsx', null],
]
for (const [id, file] of ids) {
  test(`${id} is ${file === null ? 'not' : ''} a stylesheet that Tailwind 4 may be for`, () => assert.equal(stylesheetFile(id), file))
}
