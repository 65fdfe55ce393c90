/**
 * LlamaIndex's HTMLNodeParser: the texts of the tags it is told to look for, those of one name in a row together in a node,
 * with that name in the metadata. Text outside of these tags is not in any node.
 */
import type { NodeSplit, SourceDocument } from '#engine/schema/node.ts'
import { pythonStrip } from '#engine/schema/python-text.ts'
import { allText, parseHtmlTree, type HtmlTag } from './html-tree.ts'
import type { FileNodeParser } from './node-parser.ts'

export class HTMLNodeParser implements FileNodeParser {
  readonly className = 'HTMLNodeParser'
  readonly #tags: ReadonlySet<string>

  constructor(tags: readonly string[]) {
    this.#tags = new Set(tags)
  }

  /** Null for markup that Python refuses. */
  split({ text }: SourceDocument): NodeSplit[] | null {
    const tags = parseHtmlTree(text, this.#tags)
    if (tags === null) return null
    const splits: NodeSplit[] = []
    let last: string | null = null
    let section: string[] = []
    const close = (): void => {
      const text = pythonStrip(section.join('\n'))
      if (text !== '') splits.push({ text, metadata: { tag: last } })
    }
    for (const tag of tags) {
      const text = this.#textOf(tag)
      if (last === null || tag.name === last) section.push(pythonStrip(text))
      else {
        close()
        section = [text]
      }
      last = tag.name
    }
    close()
    return splits
  }

  /** `_extract_text_from_tag` */
  #textOf(tag: HtmlTag): string {
    const texts: string[] = []
    for (const child of tag.children) {
      if ('children' in child) {
        if (!this.#tags.has(child.name)) texts.push(pythonStrip(allText(child)))
      } else {
        const text = pythonStrip(child.text)
        if (text !== '') texts.push(text)
      }
    }
    return texts.join('\n')
  }
}
