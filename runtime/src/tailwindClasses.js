/**
 * Whether a changed source file can change the page's CSS. Most edits cannot: their words are no classes, or classes
 * that exist already. Then Tailwind need not run (measured: two thirds of the time of a text edit).
 *
 * Asks Tailwind 3's own contexts, as its class sorter and editor extension do. Whatever is not Tailwind 3, or has
 * extractors of its own, is answered with "it can".
 */

/** Files in which a project writes class names; anything else that a stylesheet depends on is compiled again. */
const SOURCE = /\.(tsx?|jsx?|mjs|mdx?|html)$/

/**
 * Tailwind 3 looks for classes with expressions that are quadratic in the length of a word: 20,000 brackets take 5 s, in
 * which nothing else happens. A class is never longer than this, an image in one hardly.
 */
const LONG_WORD = /\S{2000}/g

/** The text of a source for Tailwind, with its longest words broken. @param {string} content */
export const readable = (content) => content.replace(LONG_WORD, '$&\n')

/**
 * @param {any} config of Tailwind 3 @returns {any} the same, with sources made readable; one that transforms them itself is
 *   left as it is
 */
export function withReadableSources(config) {
  const content = config?.content
  if (Array.isArray(content)) return { ...config, content: { files: content, transform: readable } }
  return content instanceof Object && content.transform === undefined ? { ...config, content: { ...content, transform: readable } } : config
}

/** @param {string} file */
export const isClassSource = (file) => SOURCE.test(file)

/**
 * @param {NodeJS.Require} load `require` of the Vite root
 * @param {string} content of the changed file
 */
export function mayAddClass(load, content) {
  const tailwind = internals(load)
  if (tailwind === null || tailwind.contexts.length === 0) return true
  return tailwind.contexts.some((context) => adds(context, tailwind.extractor(context), content))
}

/** @param {any} context @param {(text: string) => string[]} extract @param {string} content */
function adds(context, extract, content) {
  const { extract: extractors = {}, transform = {} } = context.tailwindConfig.content ?? {}
  if (Object.keys(extractors).length > 0 || Object.values(transform).some((own) => own !== readable)) return true
  const unseen = [...new Set(extract(readable(content)))].filter((token) => !context.classCache.has(token) && !context.notClassCache.has(token))
  const found = context.getClassOrder(unseen).some((/** @type {[string, unknown]} */ [, order]) => order !== null)
  // Asking made the rules; without this Tailwind would take them for rendered.
  if (found) context.stylesheetCache = null
  return found
}

/**
 * @param {NodeJS.Require} load
 * @returns {{contexts: any[], extractor: (context: any) => (text: string) => string[]} | null}
 */
function internals(load) {
  try {
    const { contextMap } = load('tailwindcss/lib/lib/sharedState.js')
    const { defaultExtractor } = load('tailwindcss/lib/lib/defaultExtractor.js')
    return { contexts: [...new Set(contextMap.values())], extractor: defaultExtractor }
  } catch (error) {
    const { code } = /** @type {NodeJS.ErrnoException} */ (error)
    if (code === 'MODULE_NOT_FOUND' || code === 'ERR_PACKAGE_PATH_NOT_EXPORTED') return null
    throw error
  }
}
