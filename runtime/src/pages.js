/** The HTML that is not the project's: a synthesised index.html, and what is shown until there is something to show. */

import { restScript } from './arrivalScript.js'
import { earlyScript } from './early.js'

/** A page that waits asks again this often: fast enough to feel live, slow enough for a few hundred tabs. */
const RELOAD_AFTER_S = 1

/** As many names as fit into a line or two. */
const NAMES_SHOWN = 5

/** @param {string} entryUrl */
export function synthesisedIndex(entryUrl) {
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="UTF-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1.0" />
    <title>Preview</title>
  </head>
  <body>
    <div id="root"></div>
    <script type="module" src="${entryUrl}"></script>
  </body>
</html>
`
}

/**
 * What a page begins with before it is known: the parser takes links in front of `<html>` for the head's, and the second
 * doctype for a slip. The browser fetches the packages, and evaluates some, while the project is being compiled here.
 * Should the process end meanwhile, the script sees to it that the page is not left like this.
 * @param {string[]} urls of modules @param {string[]} early of those that may be evaluated at once
 */
export function overture(urls, early) {
  return `<!doctype html>\n${urls.map((url) => `<link rel="modulepreload" href="${url}">\n`).join('')}${restScript}${earlyScript(early)}`
}

/** @param {{title: string, text: string, reload: boolean}} page */
function notice({ title, text, reload }) {
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="UTF-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1.0" />
    ${reload ? `<meta http-equiv="refresh" content="${RELOAD_AFTER_S}" />` : ''}
    <title>${title}</title>
    <style>
      body { margin: 0; min-height: 100vh; display: grid; place-items: center; font: 16px/1.5 system-ui, sans-serif; color: #334155; background: #f8fafc }
      main { text-align: center; max-width: 32rem; padding: 2rem }
      h1 { font-size: 1.1rem; font-weight: 600; margin: 0 0 .25rem }
      p { margin: 0; color: #64748b }
    </style>
  </head>
  <body><main><h1>${title}</h1><p>${text}</p></main></body>
</html>
`
}

export const startingPage = notice({
  title: 'Starting the preview…', text: 'This page reloads by itself as soon as it is ready.', reload: true,
})

/** @param {string[]} packages @param {{fetched: number, total: number}} progress */
export function installingPage(packages, { fetched, total }) {
  const names = packages.slice(0, NAMES_SHOWN).map(escape).join(', ')
  const more = packages.length > NAMES_SHOWN ? ` and ${packages.length - NAMES_SHOWN} more` : ''
  return notice({
    title: `Installing ${names}${more}…`, text: `${fetched} of ${total} packages. This page reloads by itself as soon as they are there.`, reload: true,
  })
}

/** @param {string} text */
const escape = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

export const failedPage = notice({
  title: 'The preview does not start', text: 'The next update of the project tries again. This page reloads by itself.', reload: true,
})

export const emptyPage = notice({
  title: 'Nothing to show yet', text: 'The project has no entry: add src/index.tsx, src/main.tsx or src/App.tsx.', reload: true,
})
