/** Debian's documentation as texts: reStructuredText and HTML of python3.11-doc, debian-policy, developers-reference. */
import { existsSync } from 'node:fs'
import { glob, readFile } from 'node:fs/promises'
import { gunzipSync } from 'node:zlib'
import { htmlReader } from '#engine/ingest/readers/html.ts'

const python = '/usr/share/doc/python3.11/html'
const policy = '/usr/share/doc/debian-policy'
const reference = '/usr/share/developers-reference'

export const hasDebianTexts = [python, policy, reference].every((folder) => existsSync(folder))

/** The main text of each HTML page, and every other text as it stands. */
export async function debianTexts(): Promise<{ id: string; text: string }[]> {
  const texts: { id: string; text: string }[] = []
  for await (const path of glob([
    `${python}/_sources/{library,tutorial,whatsnew}/*.txt`,
    `${reference}/_sources/*.txt`,
  ])) {
    texts.push({ id: path, text: await readFile(path, 'utf8') })
  }
  for await (const path of debianHtml()) {
    const parts = await htmlReader.read({ path, bytes: await readFile(path), nameIsTelling: true })
    texts.push({ id: path, text: parts[0]?.text ?? '' })
  }
  for await (const path of glob(`${policy}/*.txt.gz`)) {
    texts.push({ id: path, text: gunzipSync(await readFile(path)).toString('utf8') })
  }
  return texts
}

export function debianHtml(): AsyncIterable<string> {
  return glob([`${python}/{library,howto,faq}/*.html`, `${policy}/policy.html/*.html`, `${reference}/*.html`])
}
