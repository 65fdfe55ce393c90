/** How long a text is for a model: what node parsers measure chunks with. */

export interface TokenCounter {
  /** Tokens of the text, without the special tokens that a model puts around it. */
  count(text: string): number
  /**
   * The count when it is at most `limit`, and any larger number else, for counters that need not read all of the text
   * to know.
   */
  countUpTo?(text: string, limit: number): number
}
