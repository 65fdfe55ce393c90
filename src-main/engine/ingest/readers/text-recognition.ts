/**
 * Text in pictures, by tesseract. Its core and the data of its languages come with npm packages: nothing is fetched when it
 * runs. It works in a thread of its own, which ends with the one that it belongs to.
 */
import { mkdtemp, rm, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import type { Worker } from 'tesseract.js'
import { StackroomError } from '#contract'

/** A picture unpacks to four bytes a pixel, whatever its file has. A page of A4 scanned at 600 dpi has 35 million. */
const maximumPixels = 50_000_000

export interface PictureSize {
  readonly width: number
  readonly height: number
}

/** @throws StackroomError `file-too-large` */
export function checkPictureSize({ width, height }: PictureSize): void {
  if (width * height <= maximumPixels) return
  throw new StackroomError(
    'file-too-large',
    `This picture has ${width} × ${height} pixels; text is recognised in up to ${maximumPixels / 1_000_000} million.`,
    { hint: 'Save it smaller.' },
  )
}

/**
 * @param picture a whole file of PNG, JPEG, WebP, BMP or PNM
 * @throws StackroomError `invalid-input` for a language without data, and whatever tesseract says of a damaged picture
 */
export async function recognizeText(picture: Buffer, languages: readonly string[]): Promise<string> {
  const recognizer = await recognizerFor(languages)
  try {
    const { data } = await recognizer.recognize(picture)
    return data.text.trim()
  } catch (error) {
    // What a damaged picture left behind is not used again.
    await endRecognizer()
    throw error
  }
}

let current: { readonly languages: string; readonly recognizer: Promise<Worker> } | undefined

/** One recognizer is kept: a job has one set of languages. It ends with the thread that it belongs to. */
async function recognizerFor(languages: readonly string[]): Promise<Worker> {
  const key = languages.join('+')
  if (current?.languages === key) return current.recognizer
  await endRecognizer()
  const recognizer = startRecognizer(languages)
  current = { languages: key, recognizer }
  return recognizer
}

async function endRecognizer(): Promise<void> {
  const before = current
  current = undefined
  await (await before?.recognizer.catch(() => undefined))?.terminate()
}

async function startRecognizer(languages: readonly string[]): Promise<Worker> {
  const { createWorker, OEM } = await import('tesseract.js')
  const data = languages.map(dataOf)
  const folder = await mkdtemp(join(tmpdir(), 'stackroom-languages-'))
  try {
    // Tesseract takes all languages from one folder.
    await Promise.all(data.map((path) => symlink(path, join(folder, basename(path)))))
    return await createWorker([...languages], OEM.LSTM_ONLY, {
      langPath: folder,
      cacheMethod: 'none',
      // Errors come with the call that they are of.
      errorHandler: () => undefined,
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** @throws StackroomError `invalid-input` for a language whose data are not here: each is an npm package of its own. */
function dataOf(language: string): string {
  try {
    const manifest = createRequire(import.meta.url).resolve(`@tesseract.js-data/${language}/package.json`)
    return join(dirname(manifest), '4.0.0_best_int', `${language}.traineddata.gz`)
  } catch (error) {
    throw new StackroomError(
      'invalid-input',
      `Text in the language “${language}” cannot be recognised here.`,
      {
        hint: `Stackroom comes with eng. npm has others: @tesseract.js-data/${language}.`,
        cause: error,
      },
    )
  }
}
