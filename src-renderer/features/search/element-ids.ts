/** Ids that tie the search box to its list of results, for screen readers. */
export const resultsId = 'search-results'

export function hitElementId(index: number): string {
  return `search-hit-${index}`
}
