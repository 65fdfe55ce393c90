/**
 * OpenDocument (LibreOffice): a text is one document, as it is for SimpleDirectoryReader; a spreadsheet gives one for each
 * sheet and a presentation one for each slide, as Excel's and PowerPoint's do.
 */
import { StackroomError } from '#contract'
import { odfToParts } from './odf-parts.ts'
import type { FileReader, ReadPart } from './reader.ts'
import { brokenDocument, readZip, zipText } from './zip.ts'

const flat = /^(?:\xef\xbb\xbf)?\s*<\?xml/

function odfReader(numbersParts: boolean): FileReader {
  return {
    maximumBytes: 100 * 1024 * 1024,
    numbersParts,
    read({ bytes }) {
      if (flat.test(bytes.toString('latin1', 0, 100))) return odfToParts(bytes.toString('utf8'))
      return readContainer(bytes)
    },
  }
}

export const odtReader = odfReader(false)
export const odsReader = odfReader(true)
export const odpReader = odsReader

function readContainer(bytes: Buffer): ReadPart[] {
  const files = readZip(bytes, (name) => name === 'content.xml' || name === 'META-INF/manifest.xml')
  if (zipText(files, 'META-INF/manifest.xml')?.includes('encryption-data'))
    throw new StackroomError('encrypted-file', 'This document is protected with a password.', {
      hint: 'Save a copy without the password and add that.',
    })
  const content = zipText(files, 'content.xml')
  if (content === undefined) throw brokenDocument()
  return odfToParts(content)
}
