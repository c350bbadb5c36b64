import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readRange, sameMajor, satisfies } from '../src/packages/ranges.js'

for (const [text, kind, given] of [
  ['^18.2.0', 'range', '^18.2.0'],
  [' >=1 <3 ', 'range', '>=1 <3'],
  ['1.x || 2.x', 'range', '1.x || 2.x'],
  ['', 'range', '*'],
  ['*', 'range', '*'],
  ['latest', 'tag', 'latest'],
  ['next', 'tag', 'next'],
  ['workspace:*', 'tag', 'latest'],
  ['workspace:^', 'tag', 'latest'],
  ['workspace:^1.2.0', 'range', '^1.2.0'],
  ['npm:other@^1', 'alias', 'npm:other@^1'],
  ['npm:@scope/other@2.0.0', 'alias', 'npm:@scope/other@2.0.0'],
  ['npm:other', 'alias', 'npm:other@latest'],
]) test(`${JSON.stringify(text)} is a ${kind}`, () => assert.deepEqual(readRange(/** @type {string} */ (text)), { kind, text: given }))

for (const text of [
  'file:../x', 'link:../x', 'portal:../x', 'git+ssh://git@host/x.git', 'git://host/x.git', 'https://host/x', 'http://host/x',
  'user/repository', 'github:user/repository', './x', '/etc', 'npm:../x', 'npm:other@file:x', 'catalog:', '--registry=x',
]) test(`${text} is refused`, () => assert.equal(readRange(text).kind, 'refused'))

test('a version satisfies its range, a prerelease too', () => {
  assert.equal(satisfies('18.2.0', '^18.0.0'), true)
  assert.equal(satisfies('18.2.0', '^18.3.0'), false)
  assert.equal(satisfies('19.0.0-rc.1', '>=18'), true)
})

test('0.x counts as one major', () => {
  assert.equal(sameMajor('^0.300.0', '0.460.0'), true)
  assert.equal(sameMajor('^1.0.0', '0.460.0'), false)
  assert.equal(sameMajor('^18.3.0', '18.2.0'), true)
  assert.equal(sameMajor('^17 || ^18.3', '18.2.0'), true)
  assert.equal(sameMajor('^19.0.0', '18.2.0'), false)
  assert.equal(sameMajor('^19.0.0-rc.0', '18.2.0'), false)
})
