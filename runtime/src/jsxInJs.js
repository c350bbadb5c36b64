/**
 * JSX in `.js` files. Create React App allows it, and what was written for it still does it; Vite wants `.jsx`.
 * Comes before the React plugin, which then treats the file as it treats a component that was compiled already.
 */
import { transformWithEsbuild } from 'vite'

const SCRIPT = /\.m?js$/
/** Vite's cache is below the root, and pre-bundled packages hold no JSX, but megabytes with many a `<` in them. */
const PREBUNDLED = '/.kontext-preview/deps/'

/** `</x`, `<>`, `<x` and `/>`: a script without any of them holds no JSX, and most scripts need no second parser. */
const MAY_HOLD_JSX = /<\/|<>|<\s*[A-Za-z][^;]*>/

/** @param {string} treeDir scripts outside are packages @returns {import('vite').Plugin} */
export function jsxInJsPlugin(treeDir) {
  return {
    name: 'kontext-preview:jsx-in-js',
    enforce: 'pre',
    async transform(code, id) {
      const [file = id] = id.split('?', 1)
      if (!SCRIPT.test(file) || !file.startsWith(treeDir + '/') || file.includes(PREBUNDLED) || !MAY_HOLD_JSX.test(code)) return null
      return transformWithEsbuild(code, id, { loader: 'jsx', jsx: 'automatic', jsxDev: true, sourcemap: true })
    },
  }
}
