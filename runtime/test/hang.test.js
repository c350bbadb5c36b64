import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { descendants } from '../src/descendants.js'
import { hangs } from '../src/hang.js'

const small = () => 400_000
const large = () => 9_000_000

test('test_g19 a thread that says nothing and has the processor hangs', () => assert.equal(hangs(5_000, 4_000, 0, small), true))
test('test_g19 a thread that says nothing and sleeps hangs, whatever it did before', () => {
  assert.equal(hangs(4_000, 0, 4_000, large), true)
  assert.equal(hangs(4_250, 400, 4_000, large), true)
  assert.equal(hangs(4_250, 400, 3_750, large), false)
})
test('a busy machine that lets the process wait is no hang', () => assert.equal(hangs(60_000, 2_000, 0, small), false))
test('a long batch is no hang', () => assert.equal(hangs(3_000, 3_000, 0, small), false))
test('a large project takes its time, and has an end too', () => {
  assert.equal(hangs(20_000, 20_000, 0, large), false)
  assert.equal(hangs(22_000, 21_000, 0, large), true)
  assert.equal(hangs(36_000, 35_000, 0, () => Infinity), true)
})

test('what a process started is found, down to the last', async () => {
  const child = spawn('sh', ['-c', 'sh -c "echo up; sleep 60; :"; :'], { stdio: ['ignore', 'pipe', 'ignore'] })
  await once(child.stdout, 'data')
  const found = descendants(Number(child.pid))
  assert.ok(found.length >= 1)
  assert.ok(descendants(process.pid).includes(Number(child.pid)))
  for (const pid of [...found, Number(child.pid)]) process.kill(pid, 'SIGKILL')
  await once(child, 'exit')
  assert.deepEqual(descendants(Number(child.pid)), [])
})
