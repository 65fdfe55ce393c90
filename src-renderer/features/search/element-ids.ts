/** Ids that tie the search box to its lists, for screen readers and for moving the focus between them. */
export const searchBoxId = 'search-box'
export const resultsId = 'search-results'
export const pastSearchesId = 'past-searches'
export const completionId = 'search-completion'

export function hitElementId(index: number): string {
  return `search-hit-${index}`
}

export function completionOptionId(index: number): string {
  return `search-completion-${index}`
}

export function focusElement(id: string): boolean {
  const element = document.getElementById(id)
  element?.focus()
  return element !== null
}
