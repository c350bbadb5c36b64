import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isRecord, record, UNKNOWN, Unknown } from '../src/staticKinds.js'
import { builtinModules, globals, OUTSIDE, placeOf } from '../src/staticModules.js'
import { Interpreter, Unevaluable } from '../src/staticValue.js'
import { parseModule } from '../src/syntax.js'

const FILE = '/project/app/vite.config.ts'
const SURROUNDINGS = () => ({
  cwd: '/project/app',
  env: record({ NODE_ENV: 'development', API: 'u' }),
  envFiles: (/** @type {string} */ dir) => (dir === '/project/app' ? /** @type {Record<string, string>} */ ({ VITE_A: '1', B: '2' }) : {}),
  text: (/** @type {string} */ file) => (file === '/project/app/package.json' ? '{"version":"1.2.3"}' : null),
  now: 0,
})

/** @param {any} value @returns {any} with prototypes, to be compared */
const shown = (value) => {
  if (value instanceof Unknown) return '?'
  if (Array.isArray(value)) return value.map(shown)
  return isRecord(value) ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shown(inner)])) : value
}

/** @param {string} code @param {string} [head] statements before it */
async function evaluate(code, head = '') {
  const at = SURROUNDINGS()
  const modules = builtinModules(at)
  const load = (/** @type {string} */ name) => modules.get(name.replace(/^node:/, '')) ?? UNKNOWN
  const interpreter = new Interpreter(globals(at, load), load)
  return shown(interpreter.module(await parseModule(`${head}\nexport default ${code}`, true), FILE, placeOf(FILE)).default)
}

const PATH = "import path, { resolve, join as j } from 'node:path'; import { fileURLToPath, URL as U } from 'url'"
const VITE = "import { defineConfig, mergeConfig, loadEnv } from 'vite'"

/** @type {[string, string, any, string?][]} name, expression, value, head */
const cases = [
  ['numbers, texts, booleans, null', "[1, 'a', true, null, undefined, -1, !0]", [1, 'a', true, null, undefined, -1, true]],
  ['an object with every kind of key', "({ a: 1, 'b-c': 2, 3: 3, ['d' + 4]: 5, f() {} }).d4", 5],
  ['shorthand', '({ a })', { a: 1 }, 'const a = 1'],
  ['spread of an object and a list', '({ ...a, b: [...a.list, 3] })', { list: [1, 2], b: [1, 2, 3] }, 'const a = { list: [1, 2] }'],
  ['a template', '`${a}-${1 + 1}`', 'x-2', "const a = 'x'"],
  ['concatenation', "'a' + 1 + true", 'a1true'],
  ['arithmetic and comparison', '[7 % 4, 2 * 3, 1 < 2, 1 === 1, 1 == 1, 3 - 1, 4 / 2]', [3, 6, true, true, true, 2, 2]],
  ['a condition', "1 > 2 ? 'a' : 'b'", 'b'],
  ['and, or, else', "[null ?? 1, 0 || 2, 0 && x, '' ?? 3]", [1, 2, 0, '']],
  ['optional access', '[a?.b, a?.b.c, a?.(), a?.b()]', [undefined, undefined, undefined, undefined], 'const a = undefined'],
  ['destructuring', '[a, b, c, d]', [1, 2, 9, [4]], 'const { a, x: { b }, c = 9 } = { a: 1, x: { b: 2 } }; const [, ...d] = [3, 4]'],
  ['the rest of an object', 'rest', { b: 2 }, 'const { a, ...rest } = { a: 1, b: 2 }'],
  ['an arrow', 'f(2)', 3, 'const f = (a, b = 1) => a + b'],
  ['a function called before its place', 'f()', 1, 'const x = f(); function f() { return 1 }'],
  ['destructured parameters and rest', "f({ mode: 'm' }, 1, 2)", ['m', [1, 2]], 'const f = ({ mode }, ...more) => [mode, more]'],
  ['if, else if, return', 'f(2)', 'two', "function f(n) { if (n === 1) return 'one'; else if (n === 2) { return 'two' } return 'more' }"],
  ['switch', 'f(2)', 'two', "function f(n) { switch (n) { case 1: return 'one'; case 2: return 'two'; default: return 'more' } }"],
  ['for of', 'out', { a: 1, b: 1 }, "const out = {}; for (const key of ['a', 'b']) { out[key] = 1 }"],
  ['assignment', 'a', { b: 2, c: 'xy' }, "const a = {}; a.b = 1; a.b = 2; a.c = 'x'; a.c += 'y'"],
  ['logical assignment', 'a', { b: 1 }, 'const a = {}; a.b ??= 1; a.b ||= 2'],
  ['delete', 'a.b', undefined, 'const a = { b: 1 }; delete a.b'],
  ['await and async', 'f()', 1, 'const f = async () => { return await 1 }'],
  ['types', '(a as any as string[])![0]', 'x', "type A = { a: 1 }; interface B {} const a: string[] = ['x']"],
  ['satisfies and as const', '({ a: 1 } satisfies object as const)', { a: 1 }],
  ['what a caught error leaves', 'a', 2, 'let a = 1; try { throw new Error() } catch { a = 2 }'],
  ['typeof', '[typeof 1, typeof f, typeof undefined]', ['number', 'function', 'undefined'], 'const f = () => 1'],
  ['in', "['a' in o, 'b' in o]", [true, false], 'const o = { a: 1 }'],
  ['an IIFE', '(() => ({ a: 1 }))()', { a: 1 }],
  ['methods of lists', "[[1, 2].map((n) => n * 2), [0, 1].filter(Boolean), [[1], [2]].flat(), ['a', 'b'].join('-')]", [[2, 4], [1], [1, 2], 'a-b']],
  ['more methods of lists', '[[1, 2].reduce((a, b) => a + b, 0), [1].concat([2]), [1, 2].includes(2), [1, 2].find((n) => n > 1), [[1]].flatMap((x) => x)]', [3, [1, 2], true, 2, [1]]],
  ['methods of texts', "['a/b'.split('/'), 'Ab'.toLowerCase(), 'a-b'.replace('-', '+'), 'abc'.slice(1), ' a '.trim()]", [['a', 'b'], 'ab', 'a+b', 'bc', 'a']],
  ['objects and lists of pairs', 'Object.fromEntries(Object.entries({ a: 1 }).map(([k, v]) => [`x.${k}`, v]))', { 'x.a': 1 }],
  ['Object.assign, keys, values', '[Object.assign({}, { a: 1 }), Object.keys({ b: 1 }), Object.values({ b: 2 })]', [{ a: 1 }, ['b'], [2]]],
  ['JSON', "[JSON.stringify({ a: [1] }), JSON.parse('{\"a\":1}').a]", ['{"a":[1]}', 1]],
  ['the same time always', '[JSON.stringify(new Date()), Date.now(), new Date().toISOString()]', ['"1970-01-01T00:00:00.000Z"', 0, '1970-01-01T00:00:00.000Z']],
  ['String, Number, Boolean', "[String(1), Number('2'), Boolean('')]", ['1', 2, false]],
  ['path.resolve', "[path.resolve(__dirname, 'src'), resolve('src'), path.resolve('/src')]", ['/project/app/src', '/project/app/src', '/src'], PATH],
  ['path.join and __filename', "[j(__dirname, '..', 'lib'), path.dirname(__filename), path.basename(__filename)]", ['/project/lib', '/project/app', 'vite.config.ts'], PATH],
  ['a path that leaves the project is marked', "path.resolve(__dirname, '../../../../etc')", `${OUTSIDE}/etc`, PATH],
  ['a URL that leaves the project is marked', "fileURLToPath(new URL('../../../../etc', import.meta.url))", `${OUTSIDE}/etc`, PATH],
  ['fileURLToPath', "[fileURLToPath(new URL('./src', import.meta.url)), fileURLToPath(new U('./a b', import.meta.url))]", ['/project/app/src', '/project/app/a b'], PATH],
  ['URL.pathname and import.meta', "[new URL('./src', import.meta.url).pathname, import.meta.dirname]", ['/project/app/src', '/project/app']],
  ['process', '[process.cwd(), process.env.NODE_ENV, process.env.API, process.env.HOME]', ['/project/app', 'development', 'u', undefined]],
  ['loadEnv', "[loadEnv('development', process.cwd()), loadEnv('x', '.', ['B'])]", [{ VITE_A: '1' }, { B: '2' }], VITE],
  ['defineConfig', 'defineConfig({ a: 1 })', { a: 1 }, VITE],
  ['mergeConfig', 'mergeConfig({ a: { b: 1 }, l: [1] }, { a: { c: 2 }, l: [2] })', { a: { b: 1, c: 2 }, l: [1, 2] }, VITE],
  ['require', "require('path').resolve('a')", '/project/app/a'],
  ['a file of the project', "JSON.parse(readFileSync('./package.json', 'utf-8')).version", '1.2.3', "import { readFileSync } from 'fs'"],
  ['a file of another project', "readFileSync('/etc/passwd', 'utf-8')", '?', "import { readFileSync } from 'fs'"],
  ['dfx: the environment plugin', "env('all', { prefix: 'API' }).define", { 'process.env.API': '"u"' }, "import env from 'vite-plugin-environment'"],

  ['what a package gives is unknown', '[nowhere(), nowhere.a.b, new nowhere()]', ['?', '?', '?'], "import nowhere from 'nowhere'"],
  ['unknown spreads', '({ ...x, a: x + 1, b: `${x}`, c: x ? 1 : 2, d: [1, ...x], e: !x, f: x || 1 })', { a: '?', b: '?', c: '?', d: [1, '?'], e: '?', f: '?' }, "import x from 'nowhere'"],
  ['what is missing in an object with an unknown part is unknown', '({ ...x }).a', '?', "import x from 'nowhere'"],
  ['what an unknown branch may assign is unknown', '[a, o.b, o.c]', ['?', '?', 1], "import x from 'nowhere'; let a = 1; const o = { b: 1, c: 1 }; if (x) { a = 2; o.b = 2 }"],
  ['what a loop may assign is unknown', '[i, a]', ['?', '?'], 'let i = 0; let a = 0; while (i < 3) { i++; a = i }'],
  ['a return that may not happen does not hide what follows', 'f()', 'end', "import x from 'nowhere'; const f = () => { if (x) { return 'early' } return 'end' }"],
  ['a list with something unknown', '[a.includes(1), a.filter(Boolean), a.join()]', ['?', '?', '?'], "import x from 'nowhere'; const a = [x]"],
  ['classes, generators and tagged templates', '[A, new A(), f(), t`x`]', ['?', '?', '?', '?'], 'class A {} function* f() {} const t = () => 1'],
  ['nothing of this process', '[globalThis, process.exit, process.binding, Function, eval, setTimeout, Buffer]', ['?', undefined, undefined, '?', '?', '?', '?']],
  ['no prototypes', "[({}).constructor, [].constructor, ''.constructor, ({}).__proto__, (() => 1).constructor, ({}).toString]", [undefined, '?', '?', undefined, '?', undefined]],
  ['__proto__ is a key', 'Object.keys({ __proto__: { a: 1 } })', ['__proto__']],
  ['names that are used before their place', 'a', '?', 'const a = b; const b = a'],
]
for (const [name, code, value, head] of cases) {
  test(`is read: ${name}`, async () => assert.deepEqual(await evaluate(code, head), value))
}

/** @type {[string, string, RegExp][]} */
const refused = [
  ['throws', 'throw new Error(1)', /throws an error/],
  ['calls itself for ever', 'const f = () => f(); f()', /nested too deeply/],
  ['doubles a list', `let x = [1]; ${'x = [...x, ...x]; '.repeat(40)}`, /takes too long/],
  ['doubles by flattening', `let x = [1]; ${'x = [x, x].flat(); '.repeat(40)}`, /takes too long/],
  ['doubles by merging', `import { mergeConfig as m } from 'vite'; let x = { a: [1] }; ${'x = m(x, x); '.repeat(40)}`, /takes too long/],
  ['doubles what is written as JSON', `let x = [1]; ${'x = [x, x]; '.repeat(30)} JSON.stringify(x)`, /takes too long/],
  ['nests calls', `const l = [${'1,'.repeat(60)}]; l.map(() => l.map(() => l.map(() => l.map(() => 1))))`, /takes too long/],
]
for (const [name, code, why] of refused) {
  test(`is given up: code that ${name}`, () => assert.rejects(evaluate('1', code), (/** @type {any} */ error) => error instanceof Unevaluable && why.test(error.message)))
}

test('a text cannot grow without a bound', async () => {
  assert.equal(await evaluate('x', `let x = 'abcdefgh'; ${'x = x + x; '.repeat(40)}`), '?')
  assert.equal(await evaluate('x', `let x = 'aaaaaaaa'; const y = ${JSON.stringify('b'.repeat(5000))}; for (const i of [${'1,'.repeat(200)}]) x = x.replace('a', 'a' + y)`), '?')
})

test('what holds itself can be made, and written nowhere', async () => {
  assert.equal(await evaluate('JSON.stringify(a)', 'const a = {}; a.a = a'), '?')
})

test('a config writes into nothing but its own values', async () => {
  await evaluate('1', "import path from 'path'; path.resolve = 1; Object.prototype.x = 1; JSON.stringify = 1; process.env.X = 'x'; Array.isArray = 0")
  assert.equal(/** @type {any} */ ({}).x, undefined)
  assert.equal(typeof JSON.stringify, 'function')
  assert.equal(process.env.X, undefined)
})
