/**
 * What makes documents of a file, in one short text: its reader and the node parser, with versions and settings. Where it
 * differs from what the manifest has, the file is read again.
 */
import { createHash } from 'node:crypto'
import { basename } from 'node:path'
import { readerByName, type ReaderName, type ReaderOptions } from './file-types.ts'
import type { NodeParserSettings } from './node-parser-settings.ts'

/** Of readers whose text changed since 0.1.0: counted up when a reader makes other text, metadata or ids of the same file. */
const readerVersions: Partial<Record<ReaderName | 'unknown', number>> = {
  csv: 2,
  docx: 2,
  eml: 2,
  epub: 2,
  man: 2,
  mbox: 2,
  html: 2,
  odp: 2,
  ods: 2,
  odt: 2,
  pdf: 2,
  pptx: 2,
  rtf: 2,
  subtitles: 2,
  xlsx: 2,
  // The content says which reader it is.
  unknown: 2,
}

/** Counted up when node parsers cut the same text otherwise. */
const nodeParserVersion = 1

/** Whether what the manifest has was made as it would be made now; 0.1.0 did not write down by what. */
export function isReadAlike(known: string | undefined, now: string): boolean {
  return known ? known === now : /^\w+@1[ :]/.test(now)
}

/** One for each run: says of a path what it will be read by. */
export function readByOf(settings: NodeParserSettings, options: ReaderOptions): (path: string) => string {
  const { tokenizer, ...rest } = settings
  const parts = {
    ...rest,
    // Where the model lies is no part of what it does.
    tokenizer: tokenizer.kind === 'model' ? basename(tokenizer.folder) : tokenizer.kind,
  }
  const hash = createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 12)
  const parser = `${settings.className}@${nodeParserVersion}:${hash}`
  /** One text for each reader: it is kept for every file. */
  const texts = new Map<ReaderName | 'unknown', string>()
  return (path) => {
    const reader = readerByName(path, options) ?? 'unknown'
    const known = texts.get(reader)
    if (known !== undefined) return known
    // Scanned pages are pictures, too.
    const isRecognized = options.recognizeText !== undefined && (reader === 'image' || reader === 'pdf')
    const languages = isRecognized ? `:${options.recognizeText.join('+')}` : ''
    const text = `${reader}@${readerVersions[reader] ?? 1}${languages} ${parser}`
    texts.set(reader, text)
    return text
  }
}
