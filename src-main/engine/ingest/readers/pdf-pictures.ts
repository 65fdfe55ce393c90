/** The pictures of a page that is only scanned, for text recognition. */
import type { PDFPageProxy } from 'pdfjs-dist'
import { z } from 'zod'
import { checkPictureSize } from './text-recognition.ts'

/** What pdf.js unpacks a picture to: a bit, three bytes or four bytes a pixel. */
const pictureSchema = z.object({
  width: z.number().int().positive(),
  height: z.number().int().positive(),
  kind: z.literal([1, 2, 3]),
  data: z
    .union([z.instanceof(Uint8Array), z.instanceof(Uint8ClampedArray)])
    .transform(({ buffer, byteOffset, length }) => new Uint8Array(buffer, byteOffset, length)),
})
type Picture = z.infer<typeof pictureSchema>

/** Smaller ones are lines, stamps and logos. */
const leastPixels = 50_000

/** In the order in which they are drawn, as files of portable pixmaps. */
export async function* picturesOf(page: PDFPageProxy, drawPicture: number): AsyncGenerator<Buffer> {
  const { fnArray, argsArray } = await page.getOperatorList()
  for (const [index, operation] of fnArray.entries()) {
    const names: unknown = argsArray[index]
    if (operation !== drawPicture || !Array.isArray(names) || typeof names[0] !== 'string') continue
    const picture = pictureSchema.safeParse(await drawn(page, names[0])).data
    if (!picture || picture.width * picture.height < leastPixels) continue
    checkPictureSize(picture)
    yield toPixmap(picture)
  }
}

/** Pictures that several pages draw are with the document; their names begin so. */
function drawn(page: PDFPageProxy, name: string): Promise<unknown> {
  const store = name.startsWith('g_') ? page.commonObjs : page.objs
  return new Promise((resolve) => void store.get(name, resolve))
}

function toPixmap({ width, height, kind, data }: Picture): Buffer {
  // Bitmaps have ones for black, pdf.js has ones for white.
  if (kind === 1) return Buffer.concat([Buffer.from(`P4\n${width} ${height}\n`), data.map((byte) => ~byte)])
  const header = Buffer.from(`P6\n${width} ${height}\n255\n`)
  if (kind === 2) return Buffer.concat([header, data])
  const pixels = width * height
  const bytes = Buffer.alloc(header.length + 3 * pixels)
  header.copy(bytes)
  for (let pixel = 0, at = header.length; pixel < pixels; pixel++) {
    for (let channel = 0; channel < 3; channel++) bytes[at++] = data[4 * pixel + channel] ?? 0
  }
  return bytes
}
