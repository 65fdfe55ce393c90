/** PowerPoint presentations: a document for each slide, with its number, its title first, charts and notes last. */
import { chartToText } from './chart-text.ts'
import { officeXmlToText } from './office-xml.ts'
import type { FileReader, ReadPart } from './reader.ts'
import { parseXml, readRelationships } from './xml.ts'
import { brokenDocument, readZip, zipText } from './zip.ts'

export const pptxReader: FileReader = {
  maximumBytes: 300 * 1024 * 1024,
  numbersParts: true,
  read({ bytes }) {
    const files = readZip(bytes, (name) =>
      /^ppt\/(presentation|slides\/.*|notesSlides\/.*|charts\/[^/]+|diagrams\/data\d*|_rels\/.*)\.(xml|rels)$/.test(
        name,
      ),
    )
    const presentation = zipText(files, 'ppt/presentation.xml')
    if (presentation === undefined) throw brokenDocument()
    const targets = readRelationships(zipText(files, 'ppt/_rels/presentation.xml.rels'), 'ppt')
    return slideIds(presentation).flatMap((id, index): ReadPart[] => {
      const slide = targets.get(id) ?? ''
      const xml = zipText(files, slide)
      if (xml === undefined) return []
      const text = [officeXmlToText(xml), ...partsOf(slide, files)].filter((part) => part !== '').join('\n\n')
      return [{ part: index, text, metadata: { file_path: '', page_label: index + 1 } }]
    })
  },
}

/** Relationships of the slides, in the order in which they are shown. */
function slideIds(presentation: string): string[] {
  const ids: string[] = []
  parseXml(presentation, {
    open: (name, attributes) => {
      if (name === 'sldId') ids.push(attributes['r:id'] ?? '')
    },
  })
  return ids
}

/** What a slide has in files of its own: charts and diagrams, then the notes. */
function partsOf(slide: string, files: ReadonlyMap<string, Uint8Array>): string[] {
  const relationships = slide.replace('ppt/slides/', 'ppt/slides/_rels/') + '.rels'
  const shown: string[] = []
  const notes: string[] = []
  for (const target of readRelationships(zipText(files, relationships), 'ppt/slides').values()) {
    const xml = zipText(files, target) ?? ''
    if (target.startsWith('ppt/charts/')) shown.push(chartToText(xml))
    else if (target.startsWith('ppt/diagrams/')) shown.push(officeXmlToText(xml))
    else if (target.startsWith('ppt/notesSlides/')) notes.push(officeXmlToText(xml))
  }
  return [...shown, ...notes]
}
