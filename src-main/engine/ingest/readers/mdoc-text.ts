/** The macros of mdoc(7), which BSD's pages are written in: most stand within a line and may follow each other there. */
import type { ManBlocks } from './man-blocks.ts'

/** What a macro puts around its arguments. */
const enclosing: Readonly<Record<string, readonly [before: string, after: string]>> = {
  Op: ['[', ']'],
  Bq: ['[', ']'],
  Brq: ['{', '}'],
  Pq: ['(', ')'],
  Aq: ['<', '>'],
  Dq: ['“', '”'],
  Qq: ['"', '"'],
  Sq: ['‘', '’'],
  Ql: ['‘', '’'],
  Lk: ['', ''],
}
/** The same, opened and closed by macros of their own. */
const brackets: Readonly<Record<string, string>> = {
  Oo: '[',
  Oc: ']',
  Bo: '[',
  Bc: ']',
  Bro: '{',
  Brc: '}',
  Po: '(',
  Pc: ')',
  Ao: '<',
  Ac: '>',
  Do: '“',
  Dc: '”',
  Qo: '"',
  Qc: '"',
  So: '‘',
  Sc: '’',
}
const systems: Readonly<Record<string, string>> = {
  Ux: 'UNIX',
  Bx: 'BSD',
  Fx: 'FreeBSD',
  Nx: 'NetBSD',
  Ox: 'OpenBSD',
  Dx: 'DragonFly',
  At: 'AT&T UNIX',
  Bsx: 'BSD/OS',
}
/** Macros that only say what their arguments are. */
const plain = new Set(
  'Ad An Ar Cd Cm Dv Em Er Ev Fa Fd Ft Ic In Li Ms Mt No Pa Sx Sy Tn Va Vt Xr Cv %A %B %C %D %I %J %N %O %P %Q %R %T %U %V St Lb Bf Nd'.split(
    ' ',
  ),
)
const closingMarks = /^(?:\.|[,:;)\]?!]+)$/
const openingMarks = /^[([]$/

export class MdocText {
  readonly #out: ManBlocks
  #name = ''
  readonly #lists: string[] = []
  #section = ''

  constructor(out: ManBlocks) {
    this.#out = out
  }

  macro(name: string, parts: readonly string[]): void {
    switch (name) {
      case 'Dt':
        this.#out.heading('h1', parts[1] === undefined ? (parts[0] ?? '') : `${parts[0]}(${parts[1]})`)
        break
      case 'Sh':
        this.#section = parts.join(' ')
        this.#out.heading('h2', this.#section)
        break
      case 'Ss':
        this.#out.heading('h3', this.#inline(parts))
        break
      case 'Pp':
      case 'Lp':
        this.#out.paragraph()
        break
      case 'Bl':
        this.#lists.push(parts[0] ?? '')
        break
      case 'El':
        this.#lists.pop()
        this.#out.end()
        break
      case 'It':
        this.#item(parts)
        break
      case 'Bd':
        if (parts.includes('-literal') || parts.includes('-unfilled')) this.#out.openExample()
        else this.#out.paragraph()
        break
      case 'Ed':
        this.#out.closeExample()
        break
      case 'D1':
      case 'Dl':
        this.#out.openExample()
        this.#out.text(this.#inline(parts))
        this.#out.closeExample()
        break
      case 'Nd':
        this.#out.text(`— ${parts.join(' ')}`)
        break
      case 'Fo':
        this.#out.text(`${parts[0] ?? ''}(`, true)
        break
      case 'Fc':
        this.#out.text(');')
        break
      case 'Os':
      case 'Sm':
      case 'Bk':
      case 'Ek':
      case 'Rs':
      case 'Re':
      case 'Tg':
      case 'Ef':
        break
      case 'br':
        this.#out.breakLine()
        break
      default:
        this.#line(name, parts)
    }
  }

  #line(name: string, parts: readonly string[]): void {
    if (name === 'Nm' && this.#section === 'SYNOPSIS') this.#out.breakLine()
    const text = this.#inline([name, ...parts])
    if (text !== '') this.#out.text(text)
  }

  #item(parts: readonly string[]): void {
    const list = this.#lists.at(-1) ?? ''
    if (list === '-bullet' || list === '-dash' || list === '-hyphen' || list === '-item') this.#out.item('-')
    else if (list === '-enum') this.#out.item('1.')
    else if (list === '-column') this.#out.table([cells(parts).map((cell) => this.#inline(cell))])
    else this.#out.heading('dt', this.#inline(parts))
  }

  /** The text of macros and words that stand in one line. */
  #inline(parts: readonly string[]): string {
    let text = ''
    let joins = true
    /** What is written at the end of the line. */
    let closing = ''
    const write = (word: string): void => {
      if (word === '') return
      text += joins || closingMarks.test(word) ? word : ` ${word}`
      joins = openingMarks.test(word)
    }
    for (let at = 0; at < parts.length; at++) {
      const part = parts[at] ?? ''
      const pair = enclosing[part]
      const bracket = brackets[part]
      const system = systems[part]
      if (pair) {
        write(pair[0])
        joins ||= pair[0] !== ''
        closing = pair[1] + closing
      } else if (bracket !== undefined) {
        joins ||= /c$/.test(part)
        write(bracket)
        joins = /o$/.test(part)
      } else if (system !== undefined) write(system)
      else if (part === 'Ns' || part === 'Ap') {
        if (part === 'Ap') text += "'"
        joins = true
      } else if (part === 'Pf') {
        write(parts[++at] ?? '')
        joins = true
      } else if (part === 'Fl') {
        write('-')
        joins = at + 1 < parts.length && !closingMarks.test(parts[at + 1] ?? '') && parts[at + 1] !== 'Ns'
      } else if (part === 'Nm') at = this.#writeName(parts, at, write)
      else if (part === 'Xr') {
        write(parts[at + 1] ?? '')
        if (/^\d\w*$/.test(parts[at + 2] ?? '')) text += `(${parts[at + 2]})`
        at += 2
        if (!/^\d\w*$/.test(parts[at] ?? '')) at--
      } else if (part === 'Fn') {
        write(`${parts[at + 1] ?? ''}(${parts.slice(at + 2).join(', ')})`)
        at = parts.length
      } else if (part === 'Ex' || part === 'Rv') at = parts.length
      else if (!plain.has(part)) {
        // Marks at the end of a line stand behind what it encloses.
        if (closing !== '' && closingMarks.test(part) && at === parts.length - 1) {
          text += closing
          closing = ''
        }
        write(part)
      }
    }
    return text + closing
  }

  /** The name of the page is said once and stands for itself from then on. */
  #writeName(parts: readonly string[], at: number, write: (word: string) => void): number {
    const next = parts[at + 1]
    if (
      next === undefined ||
      closingMarks.test(next) ||
      plain.has(next) ||
      next === 'Ns' ||
      enclosing[next] ||
      next === 'Fl'
    ) {
      write(this.#name)
      return at
    }
    if (this.#name === '') this.#name = next
    write(next)
    return at + 1
  }
}

/** Cells of a list in columns stand apart by `Ta` or tabs. */
function cells(parts: readonly string[]): string[][] {
  const found: string[][] = [[]]
  for (const part of parts) {
    if (part === 'Ta') found.push([])
    else found.at(-1)?.push(part)
  }
  return found
}
