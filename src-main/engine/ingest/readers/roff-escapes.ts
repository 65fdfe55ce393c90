/** The escapes of roff: characters by name, strings, and all that only changes how a character looks. */

const characters: Readonly<Record<string, string>> = {
  aq: "'",
  dq: '"',
  oq: '‘',
  cq: '’',
  lq: '“',
  rq: '”',
  Bq: '„',
  bq: '‚',
  Fo: '«',
  Fc: '»',
  fo: '‹',
  fc: '›',
  em: '—',
  en: '–',
  hy: '‐',
  mi: '−',
  bu: '•',
  co: '©',
  rg: '®',
  tm: '™',
  de: '°',
  ct: '¢',
  Eu: '€',
  Po: '£',
  ga: '`',
  ha: '^',
  ti: '~',
  rs: '\\',
  sl: '/',
  ul: '_',
  ba: '|',
  br: '|',
  at: '@',
  sh: '#',
  Do: '$',
  lB: '[',
  rB: ']',
  lC: '{',
  rC: '}',
  la: '⟨',
  ra: '⟩',
  mu: '×',
  di: '÷',
  pl: '+',
  eq: '=',
  '+-': '±',
  '!=': '≠',
  '<=': '≤',
  '>=': '≥',
  '->': '→',
  '<-': '←',
  ua: '↑',
  da: '↓',
  '12': '½',
  '14': '¼',
  '34': '¾',
  ss: 'ß',
  AE: 'Æ',
  ae: 'æ',
  OE: 'Œ',
  oe: 'œ',
  '/O': 'Ø',
  '/o': 'ø',
  oA: 'Å',
  oa: 'å',
  sc: '§',
  ps: '¶',
  dg: '†',
  dd: '‡',
  if: '∞',
  sq: '□',
  ci: '○',
  pc: '·',
  md: '⋅',
  tdm: '™',
  R: '®',
  Tm: '™',
  S: '',
  'ti ': '~',
  tno: '¬',
  no: '¬',
  'r!': '¡',
  'r?': '¿',
  Of: 'ª',
  Om: 'º',
  '*m': 'μ',
  '*p': 'π',
  '*a': 'α',
  '*b': 'β',
  '*l': 'λ',
  '~~': '≈',
  '~=': '≅',
  coproduct: '∐',
  nl: '\n',
}
const accents: Readonly<Record<string, string>> = {
  "'": '\u0301',
  '`': '\u0300',
  '^': '\u0302',
  '~': '\u0303',
  ':': '\u0308',
  ',': '\u0327',
  v: '\u030c',
}

/**
 * - `\fB \f(BI \f[B]` and the like: `f F s m M n * ( [` with one, two or bracketed characters behind them;
 * - `\h'…' \w'…'` and the like: an argument between two equal characters;
 * - all others: one character.
 */
const escapes =
  /\\(?:([fFgkmMnVY*])(?:\((..)|\[([^\]]*)\]|(.))|s[-+]?(?:\((..)|\[[^\]]*\]|'[^']*'|[-+]?\d)|([bBDhHlLNoRSvwxXZ])'([^']*)'|\((..)|\[([^\]\n]*)\]|C'([^']*)'|z?(.)|$)/g

/** The text of a line. `strings` are what `.ds` defined. */
export function unescape(text: string, strings: ReadonlyMap<string, string>): string {
  if (!text.includes('\\')) return text
  return text.replace(
    escapes,
    (
      whole: string,
      kind: string | undefined,
      two: string | undefined,
      bracketed: string | undefined,
      one: string | undefined,
      _size: string | undefined,
      drawn: string | undefined,
      argument: string | undefined,
      pair: string | undefined,
      name: string | undefined,
      quoted: string | undefined,
      symbol: string | undefined,
    ) => {
      if (kind === '*') return strings.get(two ?? bracketed?.split(' ')[0] ?? one ?? '') ?? ''
      if (kind !== undefined) return ''
      if (drawn !== undefined)
        return drawn === 'o' || drawn === 'Z' ? (argument ?? '') : drawn === 'N' ? byNumber(argument) : ''
      const character = pair ?? name ?? quoted
      if (character !== undefined) return namedCharacter(character)
      return symbol === undefined ? '' : symbolText(symbol, whole)
    },
  )
}

function symbolText(symbol: string, whole: string): string {
  switch (symbol) {
    case '-':
    case '.':
    case "'":
    case '`':
    case '"':
    case '\\':
      return symbol === '"' ? '' : symbol
    case 'e':
    case 'E':
      return '\\'
    case ' ':
    case '~':
    case '0':
    case 't':
      return ' '
    case 'r':
    case 'd':
    case 'u':
    case 'p':
    case 'c':
    case 'a':
    case '&':
    case '%':
    case ':':
    case '|':
    case '^':
    case ')':
    case '/':
    case ',':
    case '!':
    case '?':
    case '{':
    case '}':
      return ''
    default:
      return whole.slice(-1)
  }
}

function namedCharacter(name: string): string {
  const known = characters[name]
  if (known !== undefined) return known
  const code = /^u([\dA-F]{4,6})(?:_([\dA-F]{4,6}))?$/.exec(name)
  if (code) return codePoint(code[1]) + (code[2] === undefined ? '' : codePoint(code[2]))
  const numbered = /^char(\d+)$/.exec(name)
  if (numbered) return byNumber(numbered[1])
  const accent = accents[name[0] ?? '']
  if (accent !== undefined && name.length === 2) return `${name[1]}${accent}`.normalize('NFC')
  return ''
}

function codePoint(hexadecimal: string | undefined): string {
  const code = Number.parseInt(hexadecimal ?? '', 16)
  return code <= 0x10ffff ? String.fromCodePoint(code) : ''
}

function byNumber(number: string | undefined): string {
  return codePoint(Number(number).toString(16))
}
