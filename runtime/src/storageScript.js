/**
 * The script in every page that gives it a storage where the browser refuses one.
 *
 * A browser that blocks third-party cookies makes `localStorage` throw in a frame of another site, which is what every
 * preview is (Chromium; each private window of it). Generated code reads it while it renders and does not expect that:
 * the page would stay blank. What is stored instead lives as long as the page.
 */
export const storageScript = `(() => {
  const refused = (name) => {
    try {
      return window[name] === null
    } catch {
      return true
    }
  }
  const memory = () => {
    const values = new Map()
    const methods = {
      key: (index) => [...values.keys()][index] ?? null,
      getItem: (name) => values.get(String(name)) ?? null,
      setItem: (name, value) => { values.set(String(name), String(value)) },
      removeItem: (name) => { values.delete(String(name)) },
      clear: () => values.clear(),
    }
    return new Proxy(methods, {
      get: (_, name) => (name === 'length' ? values.size : methods[name] ?? values.get(name)),
      set: (_, name, value) => { values.set(name, String(value)); return true },
      has: (_, name) => name in methods || values.has(name),
      deleteProperty: (_, name) => { values.delete(name); return true },
      ownKeys: () => [...values.keys()],
      getOwnPropertyDescriptor: (_, name) =>
        values.has(name) ? { value: values.get(name), writable: true, enumerable: true, configurable: true } : undefined,
    })
  }
  for (const name of ['localStorage', 'sessionStorage']) {
    if (refused(name)) Object.defineProperty(window, name, { value: memory(), configurable: true })
  }
})()
`
