/** Some paths of a source, for a scan that looks at them and at nothing else. */
import { dirname, sep } from 'node:path'

export class ScanScope {
  readonly paths: readonly string[]
  readonly #wanted: ReadonlySet<string>
  readonly #above = new Set<string>()

  /** @param paths absolute; a folder stands for everything in it */
  constructor(paths: readonly string[]) {
    this.#wanted = new Set(paths)
    // What is inside of another one is there already.
    this.paths = [...this.#wanted].filter((path) => !this.holds(dirname(path)) || dirname(path) === path)
    for (const path of this.paths)
      for (let folder = dirname(path); !this.#above.has(folder); folder = dirname(folder))
        this.#above.add(folder)
  }

  /** Whether it is one of the paths or in one of them. */
  holds(path: string): boolean {
    for (let part = path; ; part = dirname(part)) {
      if (this.#wanted.has(part)) return true
      if (dirname(part) === part) return false
    }
  }

  /** Whether a scan has to look at it: to read it, or to come to what is in it. */
  reaches(path: string): boolean {
    return this.#above.has(path) || this.holds(path)
  }
}

/** Whether the path is the folder (or file) itself or in it. */
export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep)
}
