import assert from 'node:assert/strict'
import { test } from 'node:test'
import { notHere, sentence } from '../src/packages/failures.js'
import { missingIn } from '../src/packages/missing.js'
import { Report } from '../src/packages/report.js'
import { stylesheetImports } from '../src/packages/stylesheets.js'

/** @param {object[]} lines */
function read(...lines) {
  const report = new Report()
  return { report, news: lines.map((line) => report.read(JSON.stringify(line))) }
}

test('packages are counted once, whether they came from the registry or from the store', () => {
  const progress = (/** @type {string} */ status, /** @type {string} */ packageId) => ({ name: 'pnpm:progress', status, packageId })
  const { report, news } = read(progress('resolved', 'a@1'), progress('resolved', 'b@1'), progress('fetched', 'a@1'), progress('found_in_store', 'b@1'), progress('imported', 'b@1'))
  assert.deepEqual([report.resolved.size, report.fetched.size], [2, 2])
  assert.deepEqual(news, [true, true, true, true, false])
})

test('a package that the registry does not have is named', () => {
  const { report } = read({ level: 'error', name: 'pnpm', code: 'ERR_PNPM_FETCH_404', package: { name: 'nope' } })
  assert.deepEqual(report.failure, { name: 'nope', kind: 'missing', code: 'ERR_PNPM_FETCH_404' })
})

test('of a package\'s package, the one that was asked for is named', () => {
  const { report } = read({ level: 'error', code: 'ERR_PNPM_NO_MATCHING_VERSION', package: { name: 'inner' }, pkgsStack: [{ name: 'outer' }, { name: 'middle' }] })
  assert.equal(report.failure?.name, 'outer')
})

test('a registry that is away is no missing package', () => {
  const { report } = read({ level: 'error', code: 'ERR_PNPM_META_FETCH_FAIL', package: { name: 'a' } })
  assert.equal(report.failure?.kind, 'network')
})

test('the first error counts, and what is no JSON is nothing', () => {
  const { report } = read({ level: 'error', code: 'A' }, { level: 'error', code: 'B' })
  assert.equal(report.failure?.code, 'A')
  assert.equal(report.read('node: bad option'), false)
  assert.equal(report.read('null'), false)
})

test('peers that nobody has are known, optional ones are left', () => {
  const missing = { three: [{ optional: false, wantedRange: '>=0.1' }], maybe: [{ optional: true, wantedRange: '*' }] }
  const { report } = read({ name: 'pnpm:peer-dependency-issues', issuesByProjects: { '.': { missing } } })
  assert.deepEqual(Object.fromEntries(report.peers), { three: '>=0.1' })
})

test('each failure says what to do, and names no address', () => {
  assert.match(sentence('x', '^9', { name: 'x', kind: 'missing', code: 'E' }), /"x" \(\^9\).*check the name/)
  assert.match(sentence('x', '^9', { name: null, kind: 'network', code: 'TIMEOUT' }), /does not answer.*tries again/)
  assert.match(sentence('x', '^9', { name: null, kind: 'other', code: 'ENOSPC' }), /ENOSPC/)
  assert.match(notHere('x'), /no npm registry/)
})

for (const [message, specifier] of [
  ['Failed to resolve import "canvas-confetti" from "src/App.tsx". Does the file exist?', 'canvas-confetti'],
  ["[postcss] ENOENT: no such file or directory, open 'normalize.css'", 'normalize.css'],
  ["Cannot find module 'tailwindcss-animate'\nRequire stack:", 'tailwindcss-animate'],
  ["Cannot find package 'x' imported from y", 'x'],
  ["[postcss] tailwindcss: Can't resolve 'tw-animate-css' in '/x'", 'tw-animate-css'],
  ["ENOENT: no such file or directory, open '/x/y'", null],
  ['Unexpected token', null],
]) test(`${message} is about ${specifier}`, () => assert.equal(missingIn(/** @type {string} */ (message)), specifier))

test('a stylesheet imports packages by name, with or without url(), and Tailwind 4 has plugins', () => {
  const text = `
    /* @import 'commented'; */
    @import "a/x.css" layer(base);
    @import url('b');
    @import '@scope/c';
    @plugin "d";
    @reference "e";
    @import './own.css'; @import '/abs.css'; @import 'https://fonts.host/css'; @import '~old'; @import "@/styles/x.css";`
  assert.deepEqual(stylesheetImports(text), ['a/x.css', 'b', '@scope/c', 'd', 'e'])
})
