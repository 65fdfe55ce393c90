/** Small things that this window remembers by itself: what was selected, which theme to start in. */
const prefix = 'stackroom.'

export function remember(key: string, value: string | null): void {
  try {
    if (value === null) window.localStorage.removeItem(prefix + key)
    else window.localStorage.setItem(prefix + key, value)
  } catch {
    // a browser that keeps nothing for this page: the window then starts with its defaults
  }
}

export function recall(key: string): string | null {
  try {
    return window.localStorage.getItem(prefix + key)
  } catch {
    return null
  }
}
