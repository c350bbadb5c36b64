/**
 * What Vite serves of a package file by file (stylesheets, fonts) lies outside its root: the URL would be `/@fs/` and a
 * folder of this machine. By way of links inside the root it says nothing of where a session is.
 */
import fs from 'node:fs'
import path from 'node:path'

export class Inside {
  /**
   * @param {string} dir absolute, below the Vite root, of a name that no file of a project has
   * @param {string} url of `dir`
   * @param {Record<string, string>} folders name of a link in `dir` -> absolute folder, which may not be there yet
   */
  constructor(dir, url, folders) {
    this.dir = dir
    this.url = url
    // Vite resolves to real paths, however the folders were named to us.
    this.folders = Object.entries(folders).map(([name, folder]) => ({ name, folder: real(folder) }))
  }

  /** Makes the links. */
  link() {
    fs.mkdirSync(this.dir, { recursive: true })
    for (const { name, folder } of this.folders) {
      const link = path.join(this.dir, name)
      if (fs.lstatSync(link, { throwIfNoEntry: false }) === undefined) fs.symlinkSync(folder, link)
    }
  }

  /** @param {string} id module id, resolved @returns {string} the same file by way of a link; any other id as it is */
  rename(id) {
    const found = this.folders.find(({ folder }) => id.startsWith(folder + '/'))
    return found ? path.join(this.dir, found.name) + id.slice(found.folder.length) : id
  }

  /** @param {string} id module id */
  has(id) {
    return this.folders.some(({ name }) => id.startsWith(path.join(this.dir, name) + '/'))
  }

  /** @param {string} code that is served @returns {string} with no folder in the URLs that Vite has put into it */
  clean(code) {
    return this.folders.reduce((text, { name, folder }) => text.replaceAll(`/@fs${folder}/`, `${this.url}/${name}/`), code)
  }
}

/** As far as it is there. @param {string} folder absolute @returns {string} */
function real(folder) {
  if (fs.existsSync(folder)) return fs.realpathSync(folder)
  const parent = path.dirname(folder)
  return parent === folder ? folder : path.join(real(parent), path.basename(folder))
}
