/** Paths as text: of Windows or of any other system, told apart by how they look. */

function separatorOf(path: string): '\\' | '/' {
  return /^[a-z]:\\|^\\\\/i.test(path) ? '\\' : '/'
}

function parts(path: string): string[] {
  return path.split(separatorOf(path)).filter((part) => part !== '')
}

export function baseName(path: string): string {
  return parts(path).at(-1) ?? path
}

export function parentPath(path: string): string {
  const separator = separatorOf(path)
  const trimmed = path.endsWith(separator) && path.length > 1 ? path.slice(0, -1) : path
  const at = trimmed.lastIndexOf(separator)
  return at <= 0 ? separator : trimmed.slice(0, at)
}

export function joinPath(folder: string, name: string): string {
  const separator = separatorOf(folder)
  return folder.endsWith(separator) ? folder + name : folder + separator + name
}

/** The folder of a file below the innermost of `roots`, or its whole folder when it is below none. */
export function folderBelow(roots: readonly string[], path: string): string {
  const folder = parentPath(path)
  const separator = separatorOf(path)
  const root = roots
    .filter((candidate) => folder === candidate || folder.startsWith(joinPath(candidate, '')))
    .sort((a, b) => b.length - a.length)[0]
  if (root === undefined) return folder
  const below = folder.slice(root.length).split(separator)
  return [baseName(root), ...below].filter((part) => part !== '').join(separator)
}

/** Each folder on the way to `path`, outermost first. */
export function ancestors(path: string): { name: string; path: string }[] {
  const separator = separatorOf(path)
  const root = separator === '/' ? '/' : ''
  let above = root
  const trail = root === '' ? [] : [{ name: root, path: root }]
  for (const name of parts(path)) {
    // a drive letter alone means the drive's current folder, not its root
    above = above === '' ? `${name}${separator}` : joinPath(above, name)
    trail.push({ name, path: above })
  }
  return trail
}
