import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isExpression, isModule, parseJson, parseModule, SOURCE_LIMIT, Unreadable } from '../src/syntax.js'

const DEEP = 10_000
/** @type {[string, string][]} */
const broken = [
  ['a half', 'export default {'],
  ['10,000 brackets, which end a process with another parser', `export default ${'['.repeat(DEEP)}${']'.repeat(DEEP)}`],
  ['5,000 objects', `export default ${'{a:'.repeat(5000)}1${'}'.repeat(5000)}`],
  ['a megabyte', `export default '${'x'.repeat(1024 * 1024)}'`],
]
for (const [name, text] of broken) {
  for (const typed of [false, true]) {
    test(`is refused, as ${typed ? 'TypeScript' : 'JavaScript'}: ${name}`, () => assert.rejects(parseModule(text, typed), Unreadable))
  }
}

test('an error names the line and quotes nothing', async () => {
  await assert.rejects(parseModule('const secret = 1\nconst = 2', true), { message: 'is not valid (line 2)' })
})

test('TypeScript in a file that is called .js is read', async () => {
  assert.equal((await parseModule('const a: number = 1', false)).type, 'Program')
})

test('comments, commas and a byte order mark are JSON enough', () => {
  assert.equal(parseJson('\uFEFF{ // a\n "a": [1, /* b */ 2,], }').type, 'ObjectExpression')
})

for (const text of ['', '{', '{}; alert(1)', '{} // a', '1', '['.repeat(9000), ' '.repeat(SOURCE_LIMIT + 1)]) {
  const fine = text === '{} // a' || text === '1'
  test(`JSON ${JSON.stringify(text.slice(0, 12))} is ${fine ? 'read' : 'refused'}`, () => {
    if (fine) parseJson(text)
    else assert.throws(() => parseJson(text), Unreadable)
  })
}

for (const text of ['1', '"a"', 'globalThis', 'window.a', '{ "a": 1 }', '(1, 2)', 'new Date()', '() => 1', '[1]']) {
  test(`${text} is an expression`, () => assert.equal(isExpression(text), true))
}
for (const text of ['', '1.0.0', 'hello world', 'http://localhost', '1 //', '1 /*', '1, b: 2', '1 }; alert(1); ({', '}', '1; 2', '...x']) {
  test(`${JSON.stringify(text)} is none`, () => assert.equal(isExpression(text), false))
}

test('a module is told from a half', () => {
  assert.equal(isModule("import React from 'react'"), true)
  assert.equal(isModule('import {'), false)
  assert.equal(isModule(''), false)
})
