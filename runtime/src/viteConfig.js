/** Vite's configuration, which is ours: of the project's own only what `honoured.js` lets through. */
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { pathsPlugin } from './aliases.js'
import { jsxInJsPlugin } from './jsxInJs.js'
import { includeList, installPrebundle } from './prebundle.js'
import { clientPlugin } from './viteClient.js'

/** Files that Vite must not serve, whatever asks: secrets and configuration (platform.md, CVE-2025-30208 and its kin). */
const DENIED = [
  '.env', '.env.*', '*.{crt,pem,key}', '**/.git/**', '.npmrc', 'vite.config.*', '*-lock.{json,yaml}', '*.lock',
  // Ours: the first names folders of the machine.
  '**/.kontext-preview/deps/_metadata.json', '.kontext-preview-*',
]

/** Of Vite, below its root. */
export const CACHE = '.kontext-preview'

const ONCE = ['react', 'react-dom']

/**
 * No components of the project. Vite's cache is below the root here, and React Refresh for a package that draws itself
 * keeps Babel busy for longer than the watchdog waits (measured: a bundle of 2.2 MB, over 4 s).
 */
const PACKAGES = [/\/node_modules\//, /\/\.kontext-preview\//]

/** Imports of this name get the virtual entry of a project that only exports a component. */
export const MOUNT_URL = '/@kontext-preview/mount.jsx'

/** What plugin-react calls 16 ms after the last module of a message, and the delay. */
const REFRESH = /(performReactRefresh)\(\)(\s*\},) 16\)/

const vitePackage = path.dirname(fileURLToPath(import.meta.resolve('vite/package.json')))
const toolModules = path.dirname(vitePackage)

/**
 * @param {object} options
 * @param {string} options.root absolute Vite root
 * @param {string} options.catalogueDir
 * @param {string[]} options.allow folders that may be served besides the root
 * @param {URL} options.publicUrl
 * @param {any} options.upgrades emitter of the `upgrade` events that Vite shall handle
 * @param {any[]} options.postcssPlugins
 * @param {string|null} options.mount entry of a component-only project
 * @param {import('./honoured.js').Values} options.honoured of the project's own configuration
 * @param {string[]} [options.replaced] packages of the catalogue that this session has in another version
 * @param {boolean} [options.ownBundle] the session bundles what it imports itself: the catalogue's bundle is of no use
 * @param {import('vite').Logger} options.logger
 * @returns {import('vite').InlineConfig}
 */
export function viteConfig({ root, catalogueDir, allow, publicUrl, upgrades, postcssPlugins, mount, honoured, logger, replaced = [], ownBundle = false }) {
  const secure = publicUrl.protocol === 'https:'
  return {
    configFile: false,
    root,
    base: '/',
    mode: 'development',
    appType: 'custom',
    // Inside the root, so that no URL holds a folder of this machine; the name is one that no file of a project can have.
    cacheDir: path.join(root, CACHE),
    clearScreen: false,
    customLogger: logger,
    define: honoured.define,
    // Whoever imports them, a page has one React, and one of everything that the session has instead of the catalogue's.
    resolve: { alias: honoured.alias, dedupe: [...ONCE, ...replaced] },
    // Vite would mix in what this process's own environment holds, see `environmentPlugin`.
    envDir: false,
    envPrefix: honoured.envPrefix,
    publicDir: honoured.publicDir,
    esbuild: honoured.esbuild,
    assetsInclude: honoured.assetsInclude,
    json: honoured.json,
    css: { ...honoured.css, postcss: { plugins: postcssPlugins } },
    plugins: [
      jsxInJsPlugin(root),
      react({ exclude: PACKAGES }),
      pathsPlugin(honoured.paths, honoured.baseUrl),
      environmentPlugin(honoured.env),
      mountPlugin(mount),
      projectPathsPlugin(root),
      refreshPlugin(),
      clientPlugin(),
      prebundlePlugin(catalogueDir, ownBundle),
    ],
    optimizeDeps: { include: includeList(catalogueDir, ownBundle), entries: [] },
    server: {
      middlewareMode: true,
      watch: null,
      cors: false,
      // The Host header is checked by the preview server, before Vite sees a request.
      allowedHosts: true,
      hmr: {
        server: upgrades,
        path: '/hmr',
        protocol: secure ? 'wss' : 'ws',
        clientPort: Number(publicUrl.port) || (secure ? 443 : 80),
      },
      fs: { strict: true, allow: [root, ...allow, toolModules], deny: DENIED },
    },
  }
}

/** What Vite itself puts into `import.meta.env`. */
const VITE_ENV = new Set(['BASE_URL', 'MODE', 'DEV', 'PROD', 'SSR'])

/**
 * `import.meta.env` holds what the project's `.env` files say and nothing of this process's environment.
 * @param {Record<string, string>} env @returns {import('vite').Plugin}
 */
function environmentPlugin(env) {
  return {
    name: 'kontext-preview:environment',
    configResolved(config) {
      for (const key of Object.keys(config.env)) if (!VITE_ENV.has(key)) delete config.env[key]
      for (const [key, value] of Object.entries(env)) if (!VITE_ENV.has(key)) config.env[key] = value
    },
  }
}

/** @param {string|null} entry @returns {import('vite').Plugin} */
function mountPlugin(entry) {
  return {
    name: 'kontext-preview:mount',
    resolveId: (id) => (id === MOUNT_URL ? id : null),
    load(id) {
      if (id !== MOUNT_URL || entry === null) return null
      return `import { createElement } from 'react'
import { createRoot } from 'react-dom/client'
import * as module from ${JSON.stringify('/' + entry)}
const Component = module.default ?? Object.values(module).find((value) => typeof value === 'function')
createRoot(document.getElementById('root')).render(createElement(Component))
`
    },
  }
}

/**
 * React's development transform writes the file's absolute path into the served code; pages get the project's own.
 * @param {string} root @returns {import('vite').Plugin}
 */
function projectPathsPlugin(root) {
  const prefix = JSON.stringify(root + '/').slice(0, -1)
  return {
    name: 'kontext-preview:project-paths',
    enforce: 'post',
    transform: (code) => (code.includes(prefix) ? { code: code.replaceAll(prefix, '"/'), map: null } : null),
  }
}

/**
 * React Refresh waits 16 ms for further modules before it renders. All modules of a batch come in one message and are
 * applied in one task, so there is nothing to wait for (measured: 16 of the 45 ms of a text edit). Nothing but classes:
 * they are registered by an import that the module makes of itself, which may end later. The second call finds them, and
 * does nothing where there are none.
 * @returns {import('vite').Plugin}
 */
function refreshPlugin() {
  return {
    name: 'kontext-preview:refresh',
    transform: (code, id) => (id === '/@react-refresh' ? { code: code.replace(REFRESH, '$1()\n  setTimeout($1, 16)$2 0)'), map: null } : null),
  }
}

/** @param {string} catalogueDir @param {boolean} ownBundle @returns {import('vite').Plugin} */
function prebundlePlugin(catalogueDir, ownBundle) {
  return {
    name: 'kontext-preview:prebundle',
    configResolved(config) {
      if (!ownBundle) installPrebundle(config, catalogueDir)
    },
  }
}
