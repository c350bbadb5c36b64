import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { concerns, fingerprint, readHonoured, withDefaults } from '../src/honoured.js'

/** @param {Record<string, string>} files tree paths @param {string} [root] */
async function read(files, root = 'src/frontend') {
  const treeDir = fs.mkdtempSync(path.join(os.tmpdir(), 'kontext-honoured-'))
  try {
    for (const [name, text] of Object.entries(files)) {
      fs.mkdirSync(path.dirname(path.join(treeDir, name)), { recursive: true })
      fs.writeFileSync(path.join(treeDir, name), text)
    }
    const found = await readHonoured({ treeDir, root, now: 0 })
    const inTree = (/** @type {string} */ file) => file.replace(treeDir, '')
    return { ...found, alias: found.values.alias.map(({ find, replacement }) => [String(find), inTree(replacement)]), inTree, messages: found.warnings.map((w) => w.message) }
  } finally {
    fs.rmSync(treeDir, { recursive: true })
  }
}

/** @param {string} config @param {Record<string, string>} [more] */
const readConfig = (config, more = {}) => read({ 'src/frontend/vite.config.ts': `import path from 'path'\nexport default ${config}`, ...more })

test('a project without any configuration has the usual names', async () => {
  const { alias, values, warnings } = await read({})
  assert.deepEqual(alias, [['@', '/src/frontend/src'], ['~', '/src/frontend/src'], ['declarations', '/src/declarations']])
  assert.deepEqual(values.define, { global: 'globalThis', 'process.env': {} })
  assert.deepEqual(warnings, [])
})

test('the usual names give way to what the project says of them', async () => {
  const { alias } = await readConfig("{ resolve: { alias: { '@': path.resolve('app'), '~/': '/lib/' } } }")
  assert.deepEqual(alias, [['@', '/src/frontend/app'], ['~/', '/src/frontend/lib/'], ['declarations', '/src/declarations']])
})

/** @type {[string, string, string|null][]} what an alias says, and what it stands for; null: refused */
const targets = [
  ['absolute, of the config\'s folder', "path.resolve(__dirname, 'src')", '/src/frontend/src'],
  ['above the Vite root, inside the project', "path.resolve(__dirname, '../declarations')", '/src/declarations'],
  ['the root of the Vite root', "'/'", '/src/frontend/'],
  ['from the Vite root', "'/lib'", '/src/frontend/lib'],
  ['from the Vite root and up', "'/../../lib'", '/src/frontend/lib'],
  ['relative', "'./lib'", '/src/frontend/lib'],
  ['relative and out', "'../../../lib'", null],
  ['out of the project', "path.resolve(__dirname, '../../../../etc')", null],
  ['out of the project by a URL', "new URL('../../../../etc', import.meta.url).pathname", null],
  ['a URL', "new URL('./lib', import.meta.url)", '/src/frontend/lib'],
  ['a package', "'preact/compat'", 'preact/compat'],
  ['a package by its folder', "path.resolve(__dirname, 'node_modules/preact/compat')", 'preact/compat'],
]
for (const [name, code, expected] of targets) {
  test(`an alias that is ${name}`, async () => {
    const { alias, messages } = await readConfig(`{ resolve: { alias: { x: ${code} } } }`)
    assert.deepEqual(alias.find(([find]) => find === 'x')?.[1] ?? null, expected)
    assert.deepEqual(messages, expected === null ? ['resolve.alias.x leads out of the project'] : [])
  })
}

test('an alias of a package for itself is none', async () => {
  const { alias, messages } = await readConfig("{ resolve: { alias: { react: path.resolve('node_modules/react') } } }")
  assert.equal(alias.length, 3)
  assert.deepEqual(messages, [])
})

test('aliases that cannot be read are named one by one', async () => {
  const { messages } = await readConfig("{ resolve: { alias: [{ find: 'a', replacement: nowhere }, { find: 'b', replacement: '/b', customResolver: nowhere }, nowhere] } }")
  assert.deepEqual(messages.map((m) => m.split(' ')[0]), ['resolve.alias[0]', 'resolve.alias[1]', 'resolve.alias[2]'])
})

/** @type {[string, any, number][]} code of a definition, what Vite gets, how many warnings */
const definitions = [
  ["JSON.stringify('a')", '"a"', 0],
  ["'globalThis'", 'globalThis', 0],
  ['true', true, 0],
  ['{ a: [1] }', { a: [1] }, 0],
  ["'1.0.0'", '"1.0.0"', 1],
  ["'http://localhost'", '"http://localhost"', 1],
  ['nowhere()', 'undefined', 1],
  ['{ a: 1, b: nowhere() }', { a: 1, b: undefined }, 1],
  ['undefined', 'undefined', 0],
  ['/a/', 'undefined', 1],
]
for (const [code, expected, warnings] of definitions) {
  test(`define: ${code}`, async () => {
    const found = await readConfig(`{ define: { X: ${code} } }`)
    assert.deepEqual(found.values.define.X, expected)
    assert.equal(found.warnings.length, warnings)
  })
}

test('names that a page cannot set are left out', async () => {
  const { values, warnings } = await readConfig("{ define: { window: '1', 'a-b': '1', 'a.__proto__': '1', ['__proto__']: '1', 'ok.deep': '1' } }")
  assert.deepEqual(Object.keys(values.define), ['global', 'process.env', 'ok.deep'])
  assert.equal(warnings.length, 4)
})

test('an object comes before what goes into it', async () => {
  const { values } = await readConfig("{ define: { 'process.env.A': '1', 'process.env': { B: 2 } } }")
  assert.deepEqual(Object.entries(values.define), [['global', 'globalThis'], ['process.env', { B: 2 }], ['process.env.A', '1']])
})

test('folders are inside the project, and the public one does not hold it', async () => {
  const fine = await readConfig("{ publicDir: 'static', envDir: '..' }", { 'src/.env': 'VITE_A=1' })
  assert.equal(fine.inTree(String(fine.values.publicDir)), '/src/frontend/static')
  assert.deepEqual([fine.values.env, fine.warnings], [{ VITE_A: '1' }, []])
  for (const folder of ['.', '..', '/', '../../..']) {
    const found = await readConfig(`{ publicDir: '${folder}' }`)
    assert.deepEqual([found.values.publicDir, found.warnings.length], [undefined, 1], folder)
  }
  assert.deepEqual((await readConfig("{ envDir: '../../..' }")).messages, ['envDir leads out of the project'])
  assert.equal((await readConfig('{ publicDir: false }')).values.publicDir, false)
})

test('what a config may be large or wrong in does not multiply the warnings', async () => {
  const many = Array.from({ length: 500 }, (_, i) => `k${i}: nowhere()`).join()
  assert.equal((await readConfig(`{ define: { ${many} } }`)).warnings.length, 20)
  const [warning] = (await readConfig(`{ define: { ['k'.concat(${JSON.stringify('y'.repeat(9000))})]: nowhere() } }`)).warnings
  assert.ok(warning && warning.message.length < 300)
})

test('dfx: canister ids from the .env of the whole project', async () => {
  const { values } = await read({ '.env': "CANISTER_ID_A='aa'\nSECRET=1\n" })
  assert.deepEqual(values.define['process.env'], { CANISTER_ID_A: 'aa' })
})

test('a config above the Vite root counts', async () => {
  const { alias } = await read({ 'vite.config.ts': "import path from 'path'\nexport default { resolve: { alias: { lib: path.resolve(__dirname, 'lib') } } }" })
  assert.deepEqual(alias[0], ['lib', '/lib'])
})

test('tsconfig: paths that alias nothing of ours are left alone', async () => {
  const { alias, warnings } = await read({ 'src/frontend/tsconfig.json': '{"compilerOptions":{"paths":{"react":["./node_modules/@types/react"]}}}' })
  assert.equal(alias.length, 3)
  assert.deepEqual(warnings, [])
})

test('tsconfig: what leads out is refused, and what is not valid is named', async () => {
  const { messages } = await read({ 'src/frontend/tsconfig.json': '{"extends":"nowhere","compilerOptions":{"baseUrl":"../../..","paths":{"a/*":["../../../../a/*"],"b":7,"c**":["x"]}}}' })
  assert.deepEqual(messages, [
    'extends nowhere is not in the project: left out', 'paths.b is not in the project: left out', 'paths.c** is not in the project: left out',
    'paths.a/* leads out of the project: left out', 'baseUrl leads out of the project: left out',
  ])
})

test('tsconfig: options of classes and JSX reach esbuild, strictness about types does not', async () => {
  const options = '{"experimentalDecorators":true,"target":"ES2022","verbatimModuleSyntax":true,"jsx":"react-jsx"}'
  const { values } = await read({ 'src/frontend/tsconfig.json': `{"compilerOptions":${options}}` })
  assert.deepEqual(JSON.parse(values.esbuild.tsconfigRaw), { compilerOptions: { experimentalDecorators: true, target: 'ES2022' } })
  assert.deepEqual(JSON.parse((await read({})).values.esbuild.tsconfigRaw), { compilerOptions: { useDefineForClassFields: false } })
})

test('the same values have one fingerprint, patterns included', async () => {
  const one = withDefaults({ treeDir: '/t', root: '' }).values
  assert.equal(fingerprint(one), fingerprint({ ...one }))
  assert.notEqual(fingerprint({ ...one, assetsInclude: [/a/] }), fingerprint({ ...one, assetsInclude: [/b/] }))
})

test('a change concerns the configuration by its name, or because the configuration is made of it', () => {
  const honoured = { ...withDefaults({ treeDir: '/t', root: '' }), inputs: new Set(['src/frontend/names.js']) }
  const concerned = (/** @type {string} */ file) => concerns({ added: [], changed: [file], removed: [] }, honoured)
  for (const file of ['.env', 'a/.env.local', 'src/frontend/vite.config.mts', 'tsconfig.app.json', 'jsconfig.json', 'src/frontend/names.js']) assert.ok(concerned(file), file)
  for (const file of ['src/App.tsx', 'src/env.ts', 'a.json', 'tailwind.config.js']) assert.ok(!concerned(file), file)
})
