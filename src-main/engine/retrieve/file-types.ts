/** `type:` of the query language: endings of file names, as exactly as LlamaIndex's filters cannot say it. */
import { fileEndings, type Metadata, type ParsedQuery } from '#contract'

export function matchesTypes(metadata: Metadata, { only, not }: ParsedQuery['types']): boolean {
  if (only.length + not.length === 0) return true
  const isOf = (type: string): boolean => isOfType(metadata, type)
  return (only.length === 0 || only.some(isOf)) && !not.some(isOf)
}

function isOfType(metadata: Metadata, type: string): boolean {
  const names = [pathOf(metadata), metadata['file_name']].filter((name) => typeof name === 'string')
  if (fileEndings(type).some((ending) => names.some((name) => name.toLowerCase().endsWith(`.${ending}`))))
    return true
  const mime = metadata['file_type']
  return typeof mime === 'string' && (mime === type || (names.length === 0 && mime.endsWith(`/${type}`)))
}

/** Where LlamaIndex notes the path of a file, and LangChain. */
export function pathOf(metadata: Metadata): string | null {
  const path = metadata['file_path'] ?? metadata['source']
  return typeof path === 'string' && path !== '' ? path : null
}

/** Without the dot, in lower case; empty where there is none. */
export function endingOf(path: string): string {
  return /[^/\\]\.([^./\\]{1,10})$/.exec(path)?.[1]?.toLowerCase() ?? ''
}
