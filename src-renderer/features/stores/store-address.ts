/** Addresses of vector stores, made of what a person types. */

/** The whole address of a Chroma server: `http://localhost:8000` and the tenant and database in it. */
export function chromaServerAddress({
  url,
  tenant,
  database,
}: {
  readonly url: string
  readonly tenant: string
  readonly database: string
}): string {
  const server = url.trim().replace(/\/+$/, '')
  const base = /^https?:/i.test(server) ? `chroma+${server}` : server
  const query = Object.entries({ tenant: tenant.trim(), database: database.trim() })
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&')
  return query === '' ? base : `${base}?${query}`
}

/** A path, the URL of a Chroma server, or an address as it is. */
export function chromaAddress(typed: string): string {
  const text = typed.trim()
  if (/^https?:/i.test(text)) return chromaServerAddress({ url: text, tenant: '', database: '' })
  // a drive letter is no scheme
  if (/^[a-z][a-z0-9+]+:/i.test(text)) return text
  // what would end the path in an address is written as in a URL
  return `chroma:${text.replace(/%(?=25|3f|23)|[?#]/gi, (character) => encodeURIComponent(character))}`
}
