/**
 * Addresses of vector stores: a scheme, where the store is, and behind a question mark which collection of it is meant. They
 * stand where a persist dir could stand, too, so that one collection is a knowledge base like a storage folder.
 */
import { homedir } from 'node:os'
import { resolve } from 'node:path'
import { StackroomError } from '#contract'

/** What addresses may begin with. A path that begins like this is written as `./…`. */
const schemes = [
  'chroma',
  'chroma+http',
  'chroma+https',
  'faiss',
  'milvus',
  'milvus+http',
  'milvus+https',
  'pinecone',
  'postgres',
  'postgresql',
  'qdrant',
  'qdrant+http',
  'qdrant+https',
  'weaviate',
  'weaviate+http',
  'weaviate+https',
] as const
export type StoreScheme = (typeof schemes)[number]

export function isStoreAddress(text: string): boolean {
  return schemeOf(text) !== null
}

function schemeOf(text: string): StoreScheme | null {
  const name = /^([a-z][a-z0-9+]+):/i.exec(text)?.[1]?.toLowerCase()
  return schemes.find((scheme) => scheme === name) ?? null
}

export interface AddressParts {
  readonly scheme: StoreScheme
  /** Between the scheme and the question mark. */
  readonly rest: string
  readonly parameters: ReadonlyMap<string, string>
}

/** Throws `invalid-input` for what is no address of a store. */
export function splitAddress(address: string): AddressParts {
  const scheme = schemeOf(address)
  if (!scheme)
    throw new StackroomError('invalid-input', `“${address.slice(0, 200)}” is no address of a vector store.`, {
      hint: `An address begins with one of: ${schemes.map((name) => `${name}:`).join(', ')}.`,
    })
  const all = address.slice(scheme.length + 1)
  // A folder's name may have a question mark in it.
  const query = /\?((?:[a-z_]+=[^&=]*)(?:&[a-z_]+=[^&=]*)*)$/i.exec(all)
  const rest = query ? all.slice(0, query.index) : all
  return { scheme, rest, parameters: new Map(new URLSearchParams(query?.[1] ?? '')) }
}

/** The parameters in their order, without those that are undefined. */
export function joinAddress(
  scheme: StoreScheme,
  rest: string,
  parameters: Readonly<Record<string, string | null | undefined>>,
): string {
  const query = Object.entries(parameters)
    .flatMap(([name, value]) =>
      value === null || value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`],
    )
    .join('&')
  return `${scheme}:${rest}${query === '' ? '' : `?${query}`}`
}

/** A folder in an address. What would end it there is written as in a URL. */
export function folderInAddress(folder: string): string {
  return folder.replace(/%(?=25|3f|23)|[?#]/gi, (character) => encodeURIComponent(character))
}

/** Absolute. `~` is the home folder, which no shell puts in behind a colon. */
export function folderOfAddress(rest: string): string {
  const path = rest.replace(/%(25|3f|23)/gi, (character) => decodeURIComponent(character))
  if (path === '')
    throw new StackroomError('invalid-input', 'The address does not say which folder it means.', {
      hint: 'It looks like chroma:/home/me/chroma.',
    })
  return resolve(path.replace(/^~(?=$|[/\\])/, homedir()))
}
