import assert from 'node:assert/strict'
import fs from 'node:fs'
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { PackageFolder } from '../src/packages/folder.js'
import { isPending, Packages } from '../src/packages/packages.js'
import { prepare } from '../src/sessionFolder.js'

let base = ''
/** @type {PackageFolder} */
let folder

/** @param {string} modules @param {string} name @param {string} version */
function put(modules, name, version) {
  const dir = path.join(modules, name)
  fs.mkdirSync(path.join(dir, 'lib'), { recursive: true })
  fs.writeFileSync(path.join(dir, 'package.json'), JSON.stringify({ name, version, main: 'lib/main.js' }))
  fs.writeFileSync(path.join(dir, 'lib', 'main.js'), `module.exports = '${name} ${version}'\n`)
}

beforeEach(() => {
  base = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'kontext-packages-')))
  fs.mkdirSync(path.join(base, 'session'))
  put(path.join(base, 'catalogue', 'node_modules'), 'common', '1.0.0')
  prepare(path.join(base, 'session'), path.join(base, 'catalogue'))
  folder = new PackageFolder(path.join(base, 'session'), path.join(base, 'catalogue'))
})
afterEach(() => fs.rmSync(base, { recursive: true }))

const load = () => createRequire(path.join(base, 'session', 'files', 'src', 'x.js'))

test('without an installation the catalogue\'s versions are found, and nothing is replaced', () => {
  assert.equal(folder.version('common'), '1.0.0')
  assert.equal(folder.version('other'), null)
  assert.deepEqual(folder.replaced, [])
  assert.equal(load()('common'), 'common 1.0.0')
})

test('what is installed comes before the catalogue', () => {
  put(folder.modules, 'common', '2.0.0')
  put(folder.modules, '@scope/own', '3.0.0')
  folder.show(new Map([['common', '^2'], ['@scope/own', 'latest']]))
  assert.deepEqual([folder.version('common'), folder.version('@scope/own')], ['2.0.0', '3.0.0'])
  assert.deepEqual(folder.replaced, ['common'])
  assert.equal(load()('@scope/own'), '@scope/own 3.0.0')
})

test('a package that a config was refused before is found once it is there, whatever its main file is called', () => {
  put(folder.modules, 'first', '1.0.0')
  folder.show(new Map([['first', 'latest']]))
  assert.throws(() => load()('late'), { code: 'MODULE_NOT_FOUND' })
  put(folder.modules, 'late', '1.0.0')
  folder.show(new Map([['first', 'latest'], ['late', 'latest']]))
  assert.equal(load()('late'), 'late 1.0.0')
})

test('no lock file is to be seen from the project', () => {
  put(folder.modules, 'a', '1.0.0')
  fs.mkdirSync(path.join(folder.modules, '.pnpm'))
  fs.writeFileSync(path.join(folder.modules, '.pnpm', 'lock.yaml'), '')
  folder.show(new Map([['a', 'latest']]))
  assert.equal(fs.existsSync(path.join(base, 'session', 'files', 'node_modules', '.pnpm')), false)
})

test('a session without a registry says so at the import, and starts nothing', () => {
  const settings = { sessionDir: path.join(base, 'session'), catalogueDir: path.join(base, 'catalogue'), packages: null }
  const packages = new Packages({ settings, observe: () => assert.fail('nothing is to be told'), came: () => Promise.reject(new Error('nothing came')) })
  packages.review(new Map([['absent', 'src/App.tsx']]), new Map())
  const failed = { path: 'src/App.tsx', line: 1, column: 2, message: 'Failed to resolve import "absent/part" from "src/App.tsx".', frame: 'x', plugin: 'vite' }
  const [told] = packages.explain([failed])
  assert.match(told?.message ?? '', /no npm registry/)
  assert.equal(told && isPending(told), false)
  assert.deepEqual([told?.line, packages.busy, packages.installing], [1, false, []])
  const other = { ...failed, message: 'Unexpected token' }
  assert.deepEqual(packages.explain([other]), [other])
})
