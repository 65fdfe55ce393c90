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
  odf: async () => (await import('./odf.ts')).odfReader,
  epub: async () => (await import('./epub.ts')).epubReader,
  ipynb: async () => (await import('./ipynb.ts')).ipynbReader,
}

export function loadReader(name: ReaderName): Promise<FileReader> {
  return loaders[name]()
}
