/** EPUB books: the chapters in reading order as one document, as LlamaIndex's EpubReader makes it. */
import { dirname } from 'node:path/posix'
import { StackroomError } from '#contract'
import { htmlToText } from './html.ts'
import type { FileReader } from './reader.ts'
import { parseXml, resolvePart } from './xml.ts'
import { brokenDocument, readZip, zipText } from './zip.ts'

export const epubReader: FileReader = {
  maximumBytes: 300 * 1024 * 1024,
  numbersParts: false,
  read({ bytes }) {
    const files = readZip(bytes, (name) => /\.(opf|x?html?|xml)$/i.test(name))
    const encryption = zipText(files, 'META-INF/encryption.xml')
    if (encryption !== undefined && /<(\w+:)?CipherReference[^>]+\.x?html?"/i.test(encryption))
      throw new StackroomError(
        'encrypted-file',
        'This book is protected (DRM): its chapters are encrypted.',
        {
          hint: 'Only the program that it was bought for can open it.',
        },
      )
    const packagePath = packageOf(zipText(files, 'META-INF/container.xml') ?? '')
    const description = zipText(files, packagePath)
    if (description === undefined) throw brokenDocument()
    const chapters = spine(description, dirname(packagePath))
      .map((name) => htmlToText(zipText(files, name) ?? '', { withTitle: false }))
      .filter((text) => text !== '')
    return [{ part: 0, text: chapters.join('\n\n\n'), metadata: {} }]
  },
}

function packageOf(container: string): string {
  let path = ''
  parseXml(container, {
    open: (name, attributes) => {
      if (name === 'rootfile' && path === '') path = attributes['full-path'] ?? ''
    },
  })
  return path
}

/** The chapters of the package document, as names within the container. */
function spine(description: string, folder: string): string[] {
  const items = new Map<string, string>()
  const order: string[] = []
  parseXml(description, {
    open: (name, { id, href, idref, properties }) => {
      // The navigation document lists the chapters; they follow anyway.
      if (name === 'item' && id !== undefined && href !== undefined && properties !== 'nav')
        items.set(id, resolvePart(folder, decodeHref(href)))
      else if (name === 'itemref' && idref !== undefined) order.push(idref)
    },
  })
  return order.flatMap((id) => items.get(id) ?? [])
}

function decodeHref(href: string): string {
  try {
    return decodeURIComponent(href)
  } catch {
    return href
  }
}
