/**
 * The stem of an English word: Snowball's `english` stemmer (Porter 2), https://snowballstem.org/algorithms/english/stemmer.html.
 * Words of other languages that happen to end alike are stemmed alike in text and query, which costs little.
 */

const vowel = '[aeiouy]'
const notVowel = '[^aeiouy]'
const region = new RegExp(`${vowel}${notVowel}`)
const double = /(bb|dd|ff|gg|mm|nn|pp|rr|tt)$/
const shortSyllable = new RegExp(`(^${vowel}${notVowel}|${notVowel}[aeiouy][^aeiouywxY])$`)
const irregular: ReadonlyMap<string, string> = new Map([
  ['skis', 'ski'],
  ['skies', 'sky'],
  ['dying', 'die'],
  ['lying', 'lie'],
  ['tying', 'tie'],
  ['idly', 'idl'],
  ['gently', 'gentl'],
  ['ugly', 'ugli'],
  ['early', 'earli'],
  ['only', 'onli'],
  ['singly', 'singl'],
])
const unchanged = new Set(['sky', 'news', 'howe', 'atlas', 'cosmos', 'bias', 'andes'])
const unchangedAfterPlural = new Set([
  ...['inning', 'outing', 'canning', 'herring', 'earring'],
  ...['proceed', 'exceed', 'succeed'],
])

type Ending = readonly [ending: string, replacement: string]

/** Longer endings first. */
const step2: readonly Ending[] = [
  ['ization', 'ize'],
  ['ational', 'ate'],
  ['fulness', 'ful'],
  ['ousness', 'ous'],
  ['iveness', 'ive'],
  ['tional', 'tion'],
  ['biliti', 'ble'],
  ['lessli', 'less'],
  ['entli', 'ent'],
  ['ation', 'ate'],
  ['alism', 'al'],
  ['aliti', 'al'],
  ['ousli', 'ous'],
  ['iviti', 'ive'],
  ['fulli', 'ful'],
  ['enci', 'ence'],
  ['anci', 'ance'],
  ['abli', 'able'],
  ['izer', 'ize'],
  ['ator', 'ate'],
  ['alli', 'al'],
  ['bli', 'ble'],
  ['ogi', 'og'],
  ['li', ''],
]
const step3: readonly Ending[] = [
  ['ational', 'ate'],
  ['tional', 'tion'],
  ['alize', 'al'],
  ['icate', 'ic'],
  ['iciti', 'ic'],
  ['ative', ''],
  ['ical', 'ic'],
  ['ness', ''],
  ['ful', ''],
]
const step4: readonly Ending[] = [
  ...['ement', 'ance', 'ence', 'able', 'ible', 'ment', 'ant', 'ent', 'ism', 'ate', 'iti', 'ous'],
  ...['ive', 'ize', 'ion', 'al', 'er', 'ic'],
].map((ending) => [ending, ''])

/** Stems are asked for again and again, as words come again and again. */
const known = new Map<string, string>()
const mostKnown = 50_000

/** Of a folded word; what is no English word is its own stem. */
export function stem(word: string): string {
  if (word.length < 3 || word.length > 40) return word
  const before = known.get(word)
  if (before !== undefined) return before
  if (known.size >= mostKnown) known.clear()
  const found = /^[a-z]+$/.test(word) ? stemOf(word) : word
  known.set(word, found)
  return found
}

function stemOf(original: string): string {
  const exception = irregular.get(original)
  if (exception !== undefined) return exception
  if (unchanged.has(original)) return original
  // A y that is no vowel is written Y.
  let word = original.replace(/^y/, 'Y').replace(/([aeiouy])y/g, '$1Y')
  const r1 = startOfR1(word)
  const r2 = startOfRegion(word, r1)
  word = withoutPlural(word)
  if (unchangedAfterPlural.has(word)) return word
  word = withoutPast(word, r1)
  if (/[^aeiouy][yY]$/.test(word) && word.length > 2) word = `${word.slice(0, -1)}i`
  word = replaced(word, step2, r1, (rest, ending) => {
    if (ending === 'ogi') return rest.endsWith('l')
    return ending !== 'li' || /[cdeghkmnrt]$/.test(rest)
  })
  word = replaced(word, step3, r1, (rest, ending) => ending !== 'ative' || rest.length >= r2)
  word = replaced(word, step4, r2, (rest, ending) => ending !== 'ion' || /[st]$/.test(rest))
  return withoutLast(word, r1, r2).replaceAll('Y', 'y')
}

function startOfR1(word: string): number {
  const start = /^(gener|commun|arsen)/.exec(word)
  return start ? start[0].length : startOfRegion(word, 0)
}

/** Behind the first letter that is no vowel and follows a vowel. */
function startOfRegion(word: string, from: number): number {
  const found = region.exec(word.slice(from))
  return found ? from + found.index + 2 : word.length
}

function withoutPlural(word: string): string {
  if (word.endsWith('sses')) return word.slice(0, -2)
  if (/ie[ds]$/.test(word)) return word.slice(0, word.length > 4 ? -2 : -1)
  if (/(us|ss)$/.test(word) || !word.endsWith('s')) return word
  return new RegExp(`${vowel}.+s$`).test(word) ? word.slice(0, -1) : word
}

function withoutPast(word: string, r1: number): string {
  const eed = /eed(ly)?$/.exec(word)
  if (eed) return eed.index >= r1 ? word.slice(0, eed.index + 2) : word
  const past = /(ingly|edly|ing|ed)$/.exec(word)
  if (!past || !/[aeiouy]/.test(word.slice(0, past.index))) return word
  const rest = word.slice(0, past.index)
  if (/(at|bl|iz)$/.test(rest)) return `${rest}e`
  if (double.test(rest)) return rest.slice(0, -1)
  return r1 >= rest.length && shortSyllable.test(rest) ? `${rest}e` : rest
}

/** The longest ending counts, whether it may be replaced or not. */
function replaced(
  word: string,
  list: readonly Ending[],
  from: number,
  mayBe: (rest: string, ending: string) => boolean,
): string {
  const found = list.find(([ending]) => word.endsWith(ending))
  if (!found) return word
  const [ending, replacement] = found
  const rest = word.slice(0, -ending.length)
  return rest.length >= from && mayBe(rest, ending) ? rest + replacement : word
}

function withoutLast(word: string, r1: number, r2: number): string {
  const rest = word.slice(0, -1)
  if (word.endsWith('e'))
    return rest.length >= r2 || (rest.length >= r1 && !shortSyllable.test(rest)) ? rest : word
  return word.endsWith('ll') && rest.length >= r2 ? rest : word
}
