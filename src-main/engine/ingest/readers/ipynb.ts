/** Jupyter notebooks: the cells' sources one after the other; outputs are left out, as LlamaIndex's IPYNBReader does. */
import { z } from 'zod'
import { decodeText } from './decode-text.ts'
import type { FileReader } from './reader.ts'
import { brokenDocument } from './zip.ts'

const cellSchema = z.looseObject({ source: z.union([z.string(), z.array(z.string())]).default('') })
const notebookSchema = z.looseObject({
  cells: z.array(cellSchema).optional(),
  /** Before nbformat 4. */
  worksheets: z
    .array(
      z.looseObject({
        cells: z.array(z.looseObject({ input: cellSchema.shape.source, source: cellSchema.shape.source })),
      }),
    )
    .optional(),
})

export const ipynbReader: FileReader = {
  maximumBytes: 50 * 1024 * 1024,
  numbersParts: false,
  read({ bytes }) {
    const text = decodeText(bytes)
    let notebook: z.infer<typeof notebookSchema>
    try {
      notebook = notebookSchema.parse(JSON.parse(text))
    } catch (error) {
      throw brokenDocument(error)
    }
    const older = notebook.worksheets?.flatMap(({ cells }) =>
      cells.map(({ input, source }) => join(source) || join(input)),
    )
    const sources = notebook.cells?.map(({ source }) => join(source)) ?? older ?? []
    return [{ part: 0, text: sources.filter((source) => source.trim() !== '').join('\n\n'), metadata: {} }]
  },
}

function join(source: string | readonly string[]): string {
  return typeof source === 'string' ? source : source.join('')
}
