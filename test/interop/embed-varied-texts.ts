/** Texts of many kinds, the same in every run: prose, code, languages and scripts, oddities, and word salad of any length. */

const written = [
  'The quick brown fox jumps over the lazy dog.',
  'What is the capital of France?',
  'Q3 revenue grew 14 % year over year to $2.3bn; margins fell by 40 basis points.',
  'Patients with type 2 diabetes received 500 mg metformin twice daily for 12 weeks.',
  'IN WITNESS WHEREOF, the parties hereto have executed this Agreement as of the date first above written.',
  'Der schnelle braune Fuchs springt über den faulen Hund, während Straßenlärm anschwillt.',
  'Le chat est assis sur le tapis près de la fenêtre; où est-il allé hier ?',
  'El perro come manzanas mientras el niño sueña con los pingüinos.',
  'Быстрая коричневая лиса прыгает через ленивую собаку.',
  'الثعلب البني السريع يقفز فوق الكلب الكسول',
  'השועל החום המהיר קופץ מעל הכלב העצלן',
  'तेज भूरी लोमड़ी आलसी कुत्ते के ऊपर कूदती है',
  'สุนัขจิ้งจอกสีน้ำตาลกระโดดข้ามสุนัขขี้เกียจ',
  '敏捷的棕色狐狸跳过了懒狗。',
  '素早い茶色の狐がのろまな犬を飛び越える',
  '빠른 갈색 여우가 게으른 개를 뛰어넘는다',
  '😀 🚀 👩‍👩‍👧 emoji, ①②③, ﬁ ligature, ｆｕｌｌｗｉｄｔｈ',
  'naïve café, ÀÉÎÕÜ, cafe\u0301 with a combining accent, İstanbul, ẞ',
  'def fib(n: int) -> int:\n    return n if n < 2 else fib(n - 1) + fib(n - 2)\n',
  'SELECT name, count(*) FROM nodes WHERE ref_doc_id = ? GROUP BY 1 ORDER BY 2 DESC;',
  '<html><body class="x">Hi &amp; bye</body></html>',
  '{"id_": "3f2b", "embedding": null, "metadata": {"page_label": "12"}}',
  'https://example.org/a/b?c=d&e=%20#f and someone@example.org',
  '| a | b |\n|---|---|\n| 1 | 2 |',
  '$\\int_0^1 x^2 \\, dx = \\frac{1}{3}$',
  'C:\\Users\\me\\notes.txt  /etc/passwd  ~/.config',
  'This text says [SEP] and [CLS] and [MASK] and [UNK] itself.',
  'word\u00adbreak zero\u200bwidth tab\tand\r\nlines\n\n\nmore',
  '',
  ' ',
  'a',
  '42',
  '3.14159e-10',
  '!!!',
  '…—–‘’“”',
  'x'.repeat(300),
  'Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft',
] as const

/** The written ones first, then word salad made of their words, of 1 to 400 words. */
export function variedTexts(count: number): string[] {
  const words = [...new Set(written.flatMap((text) => text.split(/\s+/)))].filter((word) => word.length < 50)
  let state = 42
  const random = (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
  const texts: string[] = [...written]
  while (texts.length < count) {
    // short ones more often, as in life
    const length = 1 + random(1 + random(400))
    texts.push(Array.from({ length }, () => words[random(words.length)]).join(' '))
  }
  return texts.slice(0, count)
}
