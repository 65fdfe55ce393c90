/** What well-known model families want before a query and before a document, as their model cards say. */

export interface Prefixes {
  readonly queryPrefix: string
  readonly documentPrefix: string
}

const families: readonly { readonly name: RegExp; readonly prefixes: Prefixes }[] = [
  {
    name: /(^|[-_/])e5-(small|base|large)|multilingual-e5-(small|base|large)(?!-instruct)/i,
    prefixes: { queryPrefix: 'query: ', documentPrefix: 'passage: ' },
  },
  {
    name: /nomic-embed-text|modernbert-embed/i,
    prefixes: { queryPrefix: 'search_query: ', documentPrefix: 'search_document: ' },
  },
  {
    name: /bge-(small|base|large)-en|mxbai-embed-large/i,
    prefixes: {
      queryPrefix: 'Represent this sentence for searching relevant passages: ',
      documentPrefix: '',
    },
  },
  { name: /snowflake-arctic-embed.*(v2|2\.0)/i, prefixes: { queryPrefix: 'query: ', documentPrefix: '' } },
  {
    name: /snowflake-arctic-embed/i,
    prefixes: {
      queryPrefix: 'Represent this sentence for searching relevant passages: ',
      documentPrefix: '',
    },
  },
  {
    name: /embeddinggemma|embedding-gemma/i,
    prefixes: { queryPrefix: 'task: search result | query: ', documentPrefix: 'title: none | text: ' },
  },
]

/** By the model's name; no prefixes for a name that no family knows. */
export function prefixesOf(modelName: string): Prefixes {
  return (
    families.find((family) => family.name.test(modelName))?.prefixes ?? {
      queryPrefix: '',
      documentPrefix: '',
    }
  )
}

/** What goes before a query where this stands before documents. */
export function queryPrefixBeside(documentPrefix: string): string {
  if (documentPrefix === '') return ''
  return (
    families.find(({ prefixes }) => prefixes.documentPrefix === documentPrefix)?.prefixes.queryPrefix ?? ''
  )
}

/** Every prefix that a family puts before documents, and none. */
export const documentPrefixes: readonly string[] = [
  ...new Set(['', ...families.map((family) => family.prefixes.documentPrefix)]),
]
