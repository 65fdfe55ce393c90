/** What the keys of the query language stand for, as LlamaIndex's metadata filters over what SimpleDirectoryReader notes. */
import type { MetadataFilter, MetadataFilters } from './metadata-filters.ts'

/** Where the path of a file is: LlamaIndex's key, and LangChain's. */
export const pathKeys = ['file_path', 'source'] as const
const dateKey = 'last_modified_date'

/** Endings of one kind of file. */
const alike: readonly (readonly string[])[] = [
  ['htm', 'html', 'xhtml'],
  ['md', 'markdown'],
  ['jpg', 'jpeg'],
  ['yml', 'yaml'],
  ['tif', 'tiff'],
  ['txt', 'text'],
]

/** Those that `type:` means, without the dot. */
export function fileEndings(type: string): readonly string[] {
  return alike.find((endings) => endings.includes(type)) ?? [type]
}

/** Lets every file of the type pass, and some others: LlamaIndex has no filter for the end of a text. */
export function typeFilter(type: string): MetadataFilters {
  const names = [...pathKeys, 'file_name'].flatMap((key) =>
    fileEndings(type).map((ending): MetadataFilter => ({
      key,
      operator: 'text_match_insensitive',
      value: `.${ending}`,
    })),
  )
  return {
    condition: 'or',
    filters: [...names, { key: 'file_type', operator: 'text_match_insensitive', value: type }],
  }
}

/** A part of the path, with whichever separators. */
export function pathFilter(text: string): MetadataFilters {
  const parts = new Set([text, text.replaceAll('/', '\\'), text.replaceAll('\\', '/')])
  const filters = pathKeys.flatMap((key) =>
    [...parts].map((value): MetadataFilter => ({ key, operator: 'text_match_insensitive', value })),
  )
  return { condition: 'or', filters }
}

/** From the beginning of the year, month or day on, or before it; null when it is no date. */
export function dateFilter(key: 'after' | 'before', text: string): MetadataFilter | null {
  const [, year, month = '01', day = '01'] = /^(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?$/.exec(text) ?? []
  if (year === undefined) return null
  const date = `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`
  const time = Date.parse(`${date}T00:00:00Z`)
  if (Number.isNaN(time) || new Date(time).toISOString().slice(0, 10) !== date) return null
  return { key: dateKey, operator: key === 'after' ? '>=' : '<', value: date }
}

/** Whether it may become one. */
export function isBegunDate(text: string): boolean {
  return /^\d{1,4}$|^\d{4}-\d{0,2}$|^\d{4}-\d{1,2}-\d{0,2}$/.test(text)
}

/** `value`, `>=value` and its like, or `*` for any value. */
export function metadataFilter(key: string, text: string): MetadataFilter | MetadataFilters {
  if (text === '*') return { condition: 'not', filters: [{ key, operator: 'is_empty', value: null }] }
  const [, operator, compared = ''] = /^(>=|<=|>|<)(.+)$/s.exec(text) ?? []
  if (operator === '>=' || operator === '<=' || operator === '>' || operator === '<') {
    const number = numberOf(compared)
    const asText: MetadataFilter = { key, operator, value: compared }
    return number === null ? asText : { condition: 'or', filters: [{ key, operator, value: number }, asText] }
  }
  const number = numberOf(text)
  const filters: MetadataFilter[] =
    number === null
      ? [
          { key, operator: 'text_match_insensitive', value: text },
          { key, operator: 'any', value: [text] },
        ]
      : [
          { key, operator: '==', value: number },
          { key, operator: '==', value: text },
          { key, operator: 'any', value: [number] },
        ]
  if (text === 'true' || text === 'false') filters.push({ key, operator: '==', value: text === 'true' })
  return { condition: 'or', filters }
}

function numberOf(text: string): number | null {
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : null
}
