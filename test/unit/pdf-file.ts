/** PDF files for tests, object by object. */

/** The first object is the catalog. Readers find objects without a table of their places. */
export function pdf(objects: readonly (string | Buffer)[]): Buffer {
  const parts = objects.flatMap((object, index) => [
    Buffer.from(`${index + 1} 0 obj\n`),
    Buffer.from(object),
    Buffer.from('\nendobj\n'),
  ])
  return Buffer.concat([
    Buffer.from('%PDF-1.7\n'),
    ...parts,
    Buffer.from('trailer\n<< /Root 1 0 R >>\n%%EOF\n'),
  ])
}

export function stream(content: Buffer, entries = ''): Buffer {
  return Buffer.concat([
    Buffer.from(`<< /Length ${content.length} ${entries} >>\nstream\n`),
    content,
    Buffer.from('\nendstream'),
  ])
}

export const catalog = '<< /Type /Catalog /Pages 2 0 R >>'
export const pages = '<< /Type /Pages /Kids [3 0 R] /Count 1 >>'

/** A page of these texts at these places, from the lower left corner, in this order. */
export function pageOfTexts(
  texts: readonly (readonly [x: number, y: number, text: string])[],
  rotate = 0,
): Buffer {
  const content = texts.map(([x, y, text]) => `BT /F 10 Tf 1 0 0 1 ${x} ${y} Tm (${text}) Tj ET`).join('\n')
  return pdf([
    catalog,
    pages,
    `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Rotate ${rotate} /Contents 4 0 R /Resources << /Font << /F 5 0 R >> >> >>`,
    stream(Buffer.from(content)),
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
  ])
}
