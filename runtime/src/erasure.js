/**
 * Edits of a module that change nothing that runs: layout, comments, types, an import that only types use. Vite sends
 * them all the same, and the components of the module are rendered again, or the page reloads.
 */
import { transformWithEsbuild } from 'vite'

const MODULE = /\.[cm]?[jt]sx?$/
/** Comments that are instructions: to Fast Refresh, to the JSX compiler, to Vite. */
const INSTRUCTION = /@(refresh|jsx|vite-ignore)/

/** @param {string} name @returns {boolean} whether it may have such edits */
export const isErasable = (name) => MODULE.test(name)

/**
 * @param {string} file absolute @param {string} before @param {string} after
 * @returns {Promise<boolean>} false also for what does not compile
 */
export async function isErased(file, before, after) {
  if (INSTRUCTION.test(before) || INSTRUCTION.test(after)) return false
  try {
    const [old, now] = await Promise.all([before, after].map((text) => whatRuns(file, text)))
    return old === now
  } catch {
    // It is compiled as usual, and its error told.
    return false
  }
}

/** @param {string} file @param {string} text */
async function whatRuns(file, text) {
  const { code } = await transformWithEsbuild(text, file, {
    loader: /\.[cm]?ts$/.test(file) ? 'ts' : /\.tsx$/.test(file) ? 'tsx' : 'jsx',
    minifyWhitespace: true, legalComments: 'none', sourcemap: false, target: 'esnext', jsx: 'transform', tsconfigRaw: {},
  })
  return code
}
