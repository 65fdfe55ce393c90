/** The readers by name; each is loaded when the first file asks for it, pdf.js being several megabytes. */
import type { ReaderName } from '../file-types.ts'
import type { FileReader } from './reader.ts'

const loaders: Readonly<Record<ReaderName, () => Promise<FileReader>>> = {
  text: async () => (await import('./text.ts')).textReader,
  html: async () => (await import('./html.ts')).htmlReader,
  pdf: async () => (await import('./pdf.ts')).pdfReader,
  docx: async () => (await import('./docx.ts')).docxReader,
  pptx: async () => (await import('./pptx.ts')).pptxReader,
  xlsx: async () => (await import('./xlsx.ts')).xlsxReader,
  odt: async () => (await import('./odf.ts')).odtReader,
  ods: async () => (await import('./odf.ts')).odsReader,
  odp: async () => (await import('./odf.ts')).odpReader,
  rtf: async () => (await import('./rtf.ts')).rtfReader,
  epub: async () => (await import('./epub.ts')).epubReader,
  csv: async () => (await import('./csv.ts')).csvReader,
  ipynb: async () => (await import('./ipynb.ts')).ipynbReader,
  eml: async () => (await import('./eml.ts')).emlReader,
  mbox: async () => (await import('./mbox.ts')).mboxReader,
  subtitles: async () => (await import('./subtitles.ts')).subtitlesReader,
  man: async () => (await import('./man.ts')).manReader,
  image: async () => (await import('./image.ts')).imageReader,
}

export function loadReader(name: ReaderName): Promise<FileReader> {
  return loaders[name]()
}
