/** Charts of office documents (DrawingML) as text: the titles, then a line for each series with its values. */
import { parseXml } from './xml.ts'

/** What a value in a series is: a name of it, a category, a number. */
const kinds = new Map<string, 'name' | 'category' | 'value'>([
  ['tx', 'name'],
  ['cat', 'category'],
  ['xVal', 'category'],
  ['val', 'value'],
  ['yVal', 'value'],
])

interface Series {
  name: string
  /** By the number of the point. */
  readonly category: Map<number, string>
  readonly value: Map<number, string>
}

export function chartToText(xml: string): string {
  const titles: string[] = []
  const lines: string[] = []
  let series: Series | undefined
  let kind: 'name' | 'category' | 'value' | undefined
  let point = 0
  let collected = ''
  parseXml(xml, {
    open: (name, { idx }) => {
      if (name === 'ser') series = { name: '', category: new Map(), value: new Map() }
      else if (name === 'pt') point = Number(idx ?? 0)
      else if (series) kind = kinds.get(name) ?? kind
      if (name === 'v' || name === 't') collected = ''
    },
    text: (data) => {
      collected += data
    },
    close: (name) => {
      if (name === 't' && !series && collected.trim() !== '') titles.push(collected.trim())
      else if (name === 'v' && series) {
        if (kind === 'name') series.name += collected
        else if (kind !== undefined) series[kind].set(point, collected)
      } else if (name === 'ser' && series) {
        lines.push(lineOf(series))
        series = undefined
        kind = undefined
      }
    },
  })
  return [...titles, ...lines].filter((line) => line !== '').join('\n')
}

function lineOf({ name, category, value }: Series): string {
  const points = [...value].map(([point, each]) =>
    [category.get(point), each].filter((part) => part !== undefined).join(' '),
  )
  return [name, points.join(', ')].filter((part) => part !== '').join(': ')
}
