/**
 * Text of DOS programs in Western Europe (code page 850, whose letters stand where those of 437 do) and in Russia (866). They have
 * no marks of their own, and statistics made for Windows and Unix take them for something else.
 */

/** 0x80 to 0xFF. */
const codePage850 =
  'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒáíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐└┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈıÍÎÏ┘┌█▄¦Ì▀ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u00ad±‗¾¶§÷¸°¨·¹³²■\u00a0'

/** Enough to tell; the whole file would tell the same. */
const sampleCharacters = 64 * 1024

/** Undefined where it does not look like text of DOS. */
export function decodeDosText(bytes: Uint8Array): string | undefined {
  const sample = bytes.subarray(0, sampleCharacters)
  const encoding = looksRussian(sample) ? 'ibm866' : looksWestern(sample) ? 'cp850' : null
  if (encoding === null) return undefined
  const text = encoding === 'cp850' ? decode850(bytes) : new TextDecoder(encoding).decode(bytes)
  // the end of a text, for DOS
  return text.replace(/\x1a+$/, '')
}

function decode850(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    .toString('latin1')
    .replace(/[\x80-\xff]/g, (character) => codePage850[character.charCodeAt(0) - 0x80]!)
}

/** Two thirds of Russian text are these letters; of the same bytes read otherwise, hardly a quarter. */
function looksRussian(sample: Uint8Array): boolean {
  const text = new TextDecoder('ibm866').decode(sample)
  const foreign = [...text].filter((character) => character > '\x7f')
  const letters = foreign.filter((character) => character >= 'А' && character <= 'я')
  const frequent = letters.filter((letter) => 'оеаинтсрвл'.includes(letter))
  // what is no letter may be the lines of a table, but not in a word; nor does a word have letters of two scripts
  const strange = count(text, /[^\0-\x7fЁ-ё─-▟]|(?<=[а-я])[─-▟]|(?<=[a-z])[А-яё]/giu)
  return letters.length >= 20 && frequent.length > letters.length / 2 && strange < foreign.length * 0.02
}

/**
 * Where text of DOS has accented letters, Windows-1252 has signs that stand in no word, or capitals after small letters; read as
 * code page 850, text of Windows has the like.
 */
function looksWestern(sample: Uint8Array): boolean {
  const asWindows = new TextDecoder('windows-1252').decode(sample)
  const signs = count(asWindows, /[\x80-\xbf‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]/gu)
  const impossible = count(
    asWindows,
    /(?<=\p{L})(?:[‚„“ˆ‹†‡‰•]|[¡¢£¤¥¦§¨©«¬®¯°±²³´µ¶¸¹»¼½¾¿”›](?=\p{L}))|(?<=\p{Ll})[ŠŒŽŸ]|(?<!\p{L})Š(?!\p{L})|[\x81\x8d\x8f\x90\x9d]/gu,
  )
  if (impossible === 0 || impossible < signs * 0.3) return false
  const asDos = decode850(sample)
  const impossibleHere = count(
    asDos,
    /(?<=\p{L})[£×ƒªº¿®¬½¼¡«»©¢¥¤¦¯´±‗¾¶§÷¸°¨·¹³²■\u00ad](?=\p{L})|(?<=\p{Ll})[^\P{Lu}A-Z]|[░▒▓│┤╣║╗╝┐└┴┬├─┼╚╔╩╦╠═╬┘┌█▄▀](?=\p{L})/gu,
  )
  return impossible > 4 * impossibleHere
}

function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0
}
