/**
 * PDF by Mozilla's pdf.js: a document for each page, with its label, as LlamaIndex's PDFReader makes them. Where pypdf
 * joins text by its own rules, the lines here are those that pdf.js finds, so the text is close but not equal.
 */
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { PDFDocumentProxy } from 'pdfjs-dist'
import { StackroomError } from '#contract'
import { readPage } from './pdf-page.ts'
import type { FileReader, ReadPart } from './reader.ts'

export const pdfReader: FileReader = {
  maximumBytes: 300 * 1024 * 1024,
  numbersParts: true,
  async read({ bytes }) {
    const pdfjs = await import('pdfjs-dist/legacy/build/pdf.mjs')
    const assets = dirname(createRequire(import.meta.url).resolve('pdfjs-dist/package.json'))
    const loading = pdfjs.getDocument({
      // pdf.js takes the buffer away from its owner.
      data: new Uint8Array(bytes),
      // Character maps of CJK fonts that are not embedded.
      cMapUrl: `${pathToFileURL(join(assets, 'cmaps')).href}/`,
      cMapPacked: true,
      standardFontDataUrl: `${pathToFileURL(join(assets, 'standard_fonts')).href}/`,
      disableFontFace: true,
      useSystemFonts: false,
      verbosity: pdfjs.VerbosityLevel.ERRORS,
    })
    try {
      return await readPages(await loading.promise)
    } catch (error) {
      throw explain(error)
    } finally {
      await loading.destroy()
    }
  },
}

async function readPages(pdf: PDFDocumentProxy): Promise<ReadPart[]> {
  const labels = await pdf.getPageLabels()
  const parts: ReadPart[] = []
  let failure: unknown
  for (let number = 1; number <= pdf.numPages; number++) {
    try {
      const page = await pdf.getPage(number)
      const text = await readPage(page).finally(() => page.cleanup())
      if (text.trim() !== '')
        parts.push({
          part: number - 1,
          text,
          metadata: { page_label: labels?.[number - 1] ?? String(number), file_name: '' },
        })
    } catch (error) {
      // The other pages of a damaged file are worth having; when none is left this is why.
      failure = error
    }
  }
  if (parts.length > 0) return parts
  if (failure !== undefined) throw failure as Error
  throw new StackroomError('no-text', 'This PDF holds no text, only images of pages.', {
    hint: 'Run text recognition (OCR) on it, for instance with ocrmypdf, and add the result.',
  })
}

function explain(error: unknown): unknown {
  if (error instanceof StackroomError || !(error instanceof Error)) return error
  if (error.name === 'PasswordException')
    return new StackroomError('encrypted-file', 'This PDF is protected with a password.', {
      hint: 'Save a copy without the password and add that.',
      cause: error,
    })
  return new StackroomError('broken-file', 'This PDF is damaged: no page of it could be read.', {
    hint: 'Open it in a PDF viewer; if that shows it, save a copy from there and add that.',
    cause: error,
  })
}
