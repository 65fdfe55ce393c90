/** Words as they are compared: without case, accents and the forms that compatibility characters have. */

/** Marks on letters of Latin, Greek, Cyrillic, Hebrew and Arabic. Those of Indian scripts are vowels and stay. */
const accents = /[\u0300-\u036f\u0483-\u0487\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670]/g
/** Letters that Unicode takes for letters of their own, and people leave out. */
const plainLetters: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ł: 'l',
  ħ: 'h',
  ı: 'i',
  ς: 'σ',
}
const ownLetters = new RegExp(`[${Object.keys(plainLetters).join('')}]`, 'g')

export function fold(word: string): string {
  const lower = word.toLowerCase()
  if (isAscii(lower)) return lower
  return lower
    .normalize('NFKD')
    .replace(accents, '')
    .normalize('NFC')
    .toLowerCase()
    .replace(ownLetters, (letter) => plainLetters[letter] ?? letter)
}

export function isAscii(text: string): boolean {
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) > 127) return false
  return true
}
