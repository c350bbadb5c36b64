import assert from 'node:assert/strict'
import { test } from 'node:test'
import { restScript } from '../src/arrivalScript.js'
import { overture } from '../src/pages.js'
import { hostCheck, wantsPage } from '../src/preview.js'

/** @param {Record<string, string>} headers @param {string} [method] */
const request = (headers, method = 'GET') => /** @type {any} */ ({ method, headers })
const html = { accept: 'text/html,*/*;q=0.8' }

/** @type {[string, string, Record<string, string>, boolean][]} */
const cases = [
  ['a browser opens the root', '/', html, true],
  ['a browser opens a route of the app', '/orders/12', html, true],
  ['curl opens the root', '/', { accept: '*/*' }, true],
  ['a module is no page', '/src/App.tsx', { accept: '*/*', 'sec-fetch-dest': 'script' }, false],
  ['a fetch of the app is no page', '/api/items', { accept: '*/*', 'sec-fetch-dest': 'empty' }, false],
  ['a route with a dot is a page when the browser navigates', '/v1.2', { ...html, 'sec-fetch-mode': 'navigate' }, true],
  ['an image is no page', '/logo.png', { accept: 'image/*' }, false],
  ['Vite keeps its own names', '/@vite/client', html, false],
]
for (const [name, path, headers, page] of cases) test(name, () => assert.equal(wantsPage(request(headers), path), page))

test('a post is no page', () => assert.equal(wantsPage(request(html, 'POST'), '/'), false))

test('test_g32 only the exact host is allowed', () => {
  const allowed = hostCheck(() => new URL('http://preview-a.localhost:4000/'))
  assert.ok(allowed('preview-a.localhost:4000'))
  for (const host of [undefined, '', 'localhost:4000', '127.0.0.1:4000', 'preview-b.localhost:4000', 'preview-a.localhost:4001', 'preview-a.localhost:4000.evil.example']) {
    assert.ok(!allowed(host), String(host))
  }
})

for (const scheme of ['http', 'https']) {
  test(`test_g31 behind a proxy on the default port of ${scheme} the host may come with a default port or without`, () => {
    const allowed = hostCheck(() => new URL(`${scheme}://preview-a.previews.example/`))
    for (const host of ['preview-a.previews.example', 'preview-a.previews.example:80', 'preview-a.previews.example:443', 'Preview-A.previews.example']) {
      assert.ok(allowed(host), host)
    }
    for (const host of ['preview-a.previews.example:8080', 'preview-b.previews.example', 'preview-a.previews.example.evil.example', 'evil.example:443']) {
      assert.ok(!allowed(host), host)
    }
  })
}

test('what a page begins with is links that a parser takes for its head\'s', () => {
  assert.equal(overture(['/a.js?v=1'], []), '<!doctype html>\n<link rel="modulepreload" href="/a.js?v=1">\n' + restScript)
  assert.equal(overture([], []), '<!doctype html>\n' + restScript)
})
