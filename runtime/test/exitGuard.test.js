import assert from 'node:assert/strict'
import { test } from 'node:test'
import { guardExit } from '../src/exitGuard.js'

/** @type {unknown[][]} */
let calls = []
const pretended = () => {
  calls = []
  const record = (/** @type {string} */ name) => (/** @type {unknown[]} */ ...args) => { calls.push([name, ...args]) }
  return /** @type {any} */ ({ pid: 100, ppid: 50, exit: record('exit'), reallyExit: record('reallyExit'), abort: record('abort'), kill: record('kill') })
}

test('test_g19 what would end the process is an error that names the call', () => {
  const target = pretended()
  guardExit(target)
  for (const name of ['exit', 'reallyExit', 'abort']) assert.throws(() => target[name](1), new RegExp(`process\\.${name} was called`))
  for (const pid of [100, 50, 1, 0, -1, -100, '100']) assert.throws(() => target.kill(pid, 'SIGKILL'), /process\.kill was called/)
  assert.deepEqual(calls, [])
})

test('a process of its own may be killed, and any may be asked after', () => {
  const target = pretended()
  guardExit(target)
  target.kill(4321, 'SIGTERM')
  target.kill(100, 0)
  assert.deepEqual(calls, [['kill', 4321, 'SIGTERM'], ['kill', 100, 0]])
})

test('the runtime itself still ends', () => {
  const end = guardExit(pretended())
  end(7)
  assert.deepEqual(calls, [['reallyExit', 7]])
})
