/**
 * Tailwind 3 throws its whole context away when the text of a stylesheet changes (measured: 80 of the 110 ms of a CSS
 * edit), because `@layer` and `@tailwind` in it might have. Most edits touch rules that Tailwind has no part in. These
 * rules leave the stylesheet before Tailwind and come back to their places after it, so that it sees the same text as
 * before. (It also looks at the file's time, which `Tree` keeps for that reason.)
 */

/** What Tailwind replaces inside a declaration. */
const FUNCTIONS = /\b(theme|screen)\(/
const PLACE = 'kontext-preview:'

/**
 * Two PostCSS plugins to stand around Tailwind.
 * @returns {[import('postcss').Plugin, import('postcss').Plugin]}
 */
export function aroundTailwind() {
  /** @type {WeakMap<import('postcss').Root, import('postcss').Rule[]>} */
  const taken = new WeakMap()
  return [
    {
      postcssPlugin: 'kontext-preview-plain-rules-out',
      Once(root) {
        const rules = plainRules(root)
        rules.forEach((rule, i) => rule.replaceWith({ text: `${PLACE}${i}`, type: 'comment' }))
        taken.set(root, rules)
      },
    },
    {
      postcssPlugin: 'kontext-preview-plain-rules-in',
      Once(root) {
        const rules = taken.get(root) ?? []
        root.walkComments((comment) => {
          if (!comment.text.startsWith(PLACE)) return
          const rule = rules[Number(comment.text.slice(PLACE.length))]
          if (rule) comment.replaceWith(rule)
        })
        // A place that somebody removed: at the end is better than nowhere.
        for (const rule of rules) if (!rule.parent) root.append(rule)
      },
    },
  ]
}

/** @param {import('postcss').Root} root @returns {import('postcss').Rule[]} rules of the top level that Tailwind leaves as they are */
function plainRules(root) {
  /** @type {Set<string>} */
  const applied = new Set()
  root.walkAtRules('apply', (rule) => rule.params.split(/\s+/).forEach((name) => applied.add(name)))
  /** @type {import('postcss').Rule[]} */
  const rules = []
  root.each((node) => {
    if (node.type === 'rule' && isPlain(node, applied)) rules.push(node)
  })
  return rules
}

/** @param {import('postcss').Rule} rule @param {Set<string>} applied classes that some `@apply` may look for here */
function isPlain(rule, applied) {
  const classes = rule.selector.match(/(?<=\.)(\\.|[\w-])+/g) ?? []
  if (classes.some((name) => applied.has(name.replaceAll('\\', '')))) return false
  return (rule.nodes ?? []).every((node) => node.type === 'comment' || (node.type === 'decl' && !FUNCTIONS.test(node.value)))
}
