/**
 * PDF by Mozilla's pdf.js: a document for each page, with its label, as LlamaIndex's PDFReader makes them. Where pypdf
 * joins text by its own rules, the lines here are those that pdf.js finds, so the text is close but not equal.
 */
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { PDFDocumentProxy, PDFPageProxy } from 'pdfjs-dist'
import { StackroomError } from '#contract'
import { readPage } from './pdf-page.ts'
import { picturesOf } from './pdf-pictures.ts'
import type { FileReader, ReadPart } from './reader.ts'
import { recognizeText } from './text-recognition.ts'

export const pdfReader: FileReader = {
  maximumBytes: 300 * 1024 * 1024,
  numbersParts: true,
  async read({ bytes, options }) {
    const pdfjs = await import('pdfjs-dist/legacy/build/pdf.mjs')
    const assets = dirname(createRequire(import.meta.url).resolve('pdfjs-dist/package.json'))
    const loading = pdfjs.getDocument({
      // pdf.js takes the buffer away from its owner.
      data: new Uint8Array(bytes),
      // Character maps of CJK fonts that are not embedded.
      cMapUrl: join(assets, 'cmaps/'),
      cMapPacked: true,
      standardFontDataUrl: join(assets, 'standard_fonts/'),
      // Decoders of scanned pages.
      wasmUrl: join(assets, 'wasm/'),
      isOffscreenCanvasSupported: false,
      disableFontFace: true,
      useSystemFonts: false,
      verbosity: pdfjs.VerbosityLevel.ERRORS,
    })
    try {
      const languages = options?.recognizeText ?? []
      return await readPages(await loading.promise, {
        recognize:
          languages.length > 0
            ? (page) => recognizePage(page, pdfjs.OPS.paintImageXObject, languages)
            : undefined,
      })
    } catch (error) {
      throw explain(error)
    } finally {
      await loading.destroy()
    }
  },
}

interface ReadPagesOptions {
  /** Reads a page without text. */
  readonly recognize: ((page: PDFPageProxy) => Promise<string>) | undefined
}

async function readPages(pdf: PDFDocumentProxy, { recognize }: ReadPagesOptions): Promise<ReadPart[]> {
  const labels = await pdf.getPageLabels()
  const parts: ReadPart[] = []
  let failure: unknown
  for (let number = 1; number <= pdf.numPages; number++) {
    try {
      const page = await pdf.getPage(number)
      let text: string
      try {
        text = await readPage(page)
        if (text.trim() === '' && recognize) text = await recognize(page)
      } finally {
        page.cleanup()
      }
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
    hint: recognize
      ? 'No text was recognised in them either.'
      : 'Turn text recognition on to read it, or run it elsewhere, for instance with ocrmypdf, and add the result.',
  })
}

async function recognizePage(
  page: PDFPageProxy,
  drawPicture: number,
  languages: readonly string[],
): Promise<string> {
  const texts: string[] = []
  for await (const picture of picturesOf(page, drawPicture))
    texts.push(await recognizeText(picture, languages))
  return texts.filter((text) => text !== '').join('\n\n')
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
