import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hangs } from '../src/hang.js'

test('test_g19 a thread that says nothing and has the processor hangs', () => assert.equal(hangs(4_000, 3_500), true))
test('a busy machine that lets the process wait is no hang', () => assert.equal(hangs(60_000, 2_000), false))
test('a long batch is no hang', () => assert.equal(hangs(3_000, 3_000), false))
