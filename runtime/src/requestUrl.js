/** A request's target as a URL, or null when it is none (`GET //\0` and its kin). */

/** @param {import('node:http').IncomingMessage} req @returns {URL|null} */
export function parseUrl(req) {
  try {
    const url = new URL((req.url ?? '/').replace(/^\/+/, '/'), 'http://preview')
    decodeURIComponent(url.pathname)
    return url
  } catch (error) {
    if (error instanceof TypeError || error instanceof URIError) return null
    throw error
  }
}
