/** The rules of a source in a few words. */
import type { SourceRules } from '#contract'
import { formatBytes } from '../../ui/format.ts'

/** What is read of a source when nothing else was said. */
export const usualRules: SourceRules = {
  include: [],
  exclude: [],
  gitignore: true,
  hidden: false,
  programFolders: false,
  maximumBytes: null,
}

const globsShown = 3

/** What differs from the usual, or null. */
export function describeRules(rules: SourceRules): string | null {
  const { include, exclude, gitignore, hidden, programFolders, maximumBytes } = rules
  const parts = [
    include.length > 0 && `only ${some(include)}`,
    exclude.length > 0 && `without ${some(exclude)}`,
    maximumBytes !== null && `up to ${formatBytes(maximumBytes)}`,
    hidden && 'hidden files too',
    programFolders && 'folders of programs too',
    !gitignore && '.gitignore does not count',
  ].filter((part) => part !== false)
  return parts.length === 0 ? null : parts.join(', ')
}

function some(globs: readonly string[]): string {
  const shown = globs.slice(0, globsShown).join(' ')
  return globs.length > globsShown ? `${shown} and ${globs.length - globsShown} more` : shown
}
