import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { Inside } from '../src/packages/inside.js'

let base = ''
/** @type {Inside} */
let inside

beforeEach(() => {
  base = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'kontext-inside-')))
  fs.mkdirSync(path.join(base, 'catalogue'))
  fs.mkdirSync(path.join(base, 'root'))
  fs.symlinkSync(path.join(base, 'catalogue'), path.join(base, 'by-another-name'))
  inside = new Inside(path.join(base, 'root', 'from'), '/from', {
    packages: path.join(base, 'packages'), catalogue: path.join(base, 'by-another-name'),
  })
})
afterEach(() => fs.rmSync(base, { recursive: true }))

test('a file of a package is the same file by way of its link, whenever the package comes', () => {
  inside.link()
  inside.link()
  fs.mkdirSync(path.join(base, 'packages', 'x'), { recursive: true })
  fs.writeFileSync(path.join(base, 'packages', 'x', 'style.css'), 'a {}')
  const id = inside.rename(path.join(base, 'packages', 'x', 'style.css'))
  assert.equal(id, path.join(base, 'root', 'from', 'packages', 'x', 'style.css'))
  assert.equal(fs.readFileSync(id, 'utf8'), 'a {}')
  assert.equal(inside.has(id), true)
})

test('a folder that was named by a link is known by its real path, as Vite names it', () => {
  assert.equal(inside.rename(path.join(base, 'catalogue', 'y.css?inline')), path.join(base, 'root', 'from', 'catalogue', 'y.css?inline'))
})

test('what is of no package stays as it is', () => {
  for (const id of [path.join(base, 'root', 'src', 'App.tsx'), path.join(base, 'catalogue-of-another', 'x.css'), '\0virtual', 'react']) {
    assert.equal(inside.rename(id), id)
    assert.equal(inside.has(id), false)
  }
})

test('addresses in what is served lose the folder', () => {
  const code = `url(/@fs${base}/catalogue/f.woff2) url("/@fs${base}/packages/g.woff2") url(/@fs/elsewhere/h.woff2)`
  assert.equal(inside.clean(code), 'url(/from/catalogue/f.woff2) url("/from/packages/g.woff2") url(/@fs/elsewhere/h.woff2)')
})
