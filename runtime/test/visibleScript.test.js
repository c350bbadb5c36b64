import assert from 'node:assert/strict'
import { test } from 'node:test'
import vm from 'node:vm'
import { AGAIN_MS, VISIBLE, visibleScript } from '../src/visibleScript.js'

/** A page that runs the script: `sent` is what it tells, `show` and `hide` are the tab's, `tick` is its timer. */
function page() {
  const document = Object.assign(new EventTarget(), { visibilityState: 'visible' })
  /** @type {Map<string, () => void>} */
  const listeners = new Map()
  /** @type {(() => void)|null} */
  let timer = null
  /** @type {boolean[]} */
  const sent = []
  const hot = {
    send: (/** @type {string} */ event, /** @type {{visible: boolean}} */ data) => {
      assert.equal(event, VISIBLE)
      sent.push(data.visible)
    },
    on: (/** @type {string} */ event, /** @type {() => void} */ call) => { listeners.set(event, call) },
  }
  const [imported, ...rest] = visibleScript.split('\n')
  assert.equal(imported, "import { createHotContext } from '/@vite/client'")
  vm.runInNewContext(rest.join('\n'), {
    document,
    createHotContext: () => hot,
    setInterval: (/** @type {() => void} */ call, /** @type {number} */ ms) => {
      assert.equal(ms, AGAIN_MS)
      timer = call
      return 1
    },
    clearInterval: () => { timer = null },
  })
  const turn = (/** @type {string} */ state) => {
    document.visibilityState = state
    document.dispatchEvent(new Event('visibilitychange'))
  }
  return {
    sent,
    show: () => turn('visible'),
    hide: () => turn('hidden'),
    tick: () => timer?.(),
    lose: () => listeners.get('vite:ws:disconnect')?.(),
  }
}

test('a page tells at once that it is shown, and again and again', () => {
  const { sent, tick } = page()
  assert.deepEqual(sent, [true])
  tick()
  assert.deepEqual(sent, [true, true])
})

test('a page tells when it is hidden and nothing while it is', () => {
  const { sent, hide, show, tick } = page()
  hide()
  tick()
  assert.deepEqual(sent, [true, false])
  show()
  assert.deepEqual(sent, [true, false, true])
})

test('a page whose socket is gone tells nothing any more', () => {
  const { sent, hide, lose, tick } = page()
  lose()
  hide()
  tick()
  assert.deepEqual(sent, [true])
})
