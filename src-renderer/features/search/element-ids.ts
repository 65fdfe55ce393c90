/** Ids that tie the search box to its list of results, for screen readers and for moving the focus between them. */
export const searchBoxId = 'search-box'
export const resultsId = 'search-results'
export const pastSearchesId = 'past-searches'

export function hitElementId(index: number): string {
  return `search-hit-${index}`
}

export function focusElement(id: string): boolean {
  const element = document.getElementById(id)
  element?.focus()
  return element !== null
}
