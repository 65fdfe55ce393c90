/** How long a text is for a model: what node parsers measure chunks with. */

export interface TokenCounter {
  /** Tokens of the text, without the special tokens that a model puts around it. */
  count(text: string): number
  /** Whether `count(text) > limit`, for counters that can say so without reading all of the text. */
  exceeds?(text: string, limit: number): boolean
}
