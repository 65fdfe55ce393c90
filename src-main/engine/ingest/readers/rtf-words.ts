/** What RTF's words stand for: destinations without text, characters, and encodings by the numbers of Windows. */

export const skippedDestinations = new Set(
  (
    'colortbl info pict fldinst header headerl headerr headerf footer footerl footerr footerf ftnsep ftnsepc aftnsep aftnsepc ' +
    'filetbl revtbl listtext pntext pntxta pntxtb nonshppict themedata colorschememapping datastore xmlnstbl rxe xe tc ' +
    'bkmkstart bkmkend objdata private comment template operator annotation atnid atnauthor atrfstart atrfend'
  ).split(' '),
)
export const charactersOfWords: Readonly<Record<string, string>> = {
  emdash: '—',
  endash: '–',
  bullet: '•',
  lquote: '‘',
  rquote: '’',
  ldblquote: '“',
  rdblquote: '”',
  emspace: ' ',
  enspace: ' ',
  tab: '\t',
}
/** `\fcharset` of a font → the encoding of its bytes. */
export const encodingsOfCharsets = new Map([
  [0, 'windows-1252'],
  [77, 'macintosh'],
  [128, 'shift_jis'],
  [129, 'euc-kr'],
  [134, 'gb18030'],
  [136, 'big5'],
  [161, 'windows-1253'],
  [162, 'windows-1254'],
  [163, 'windows-1258'],
  [177, 'windows-1255'],
  [178, 'windows-1256'],
  [186, 'windows-1257'],
  [204, 'windows-1251'],
  [222, 'windows-874'],
  [238, 'windows-1250'],
])
const encodingsOfPages = new Map([
  [932, 'shift_jis'],
  [936, 'gb18030'],
  [949, 'euc-kr'],
  [950, 'big5'],
  [874, 'windows-874'],
  [866, 'ibm866'],
  [10000, 'macintosh'],
  [65001, 'utf-8'],
])
export function encodingOfPage(page: number): string {
  return encodingsOfPages.get(page) ?? (page >= 1250 && page <= 1258 ? `windows-${page}` : 'windows-1252')
}
