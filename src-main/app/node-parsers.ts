/** Which node parser cuts the documents of an index: the one it was built with, or the one that is chosen for a new index. */
import { StackroomError, type NodeParserInput } from '#contract'
import { agrees, describeNodeParser, fromTransformation } from '#engine/ingest/node-parser-record.ts'
import { nodeParserSettingsFor, type NodeParserSettings } from '#engine/ingest/node-parser-settings.ts'
import type { StackroomSettings } from '#engine/storage/stackroom-settings.ts'
import type { Models } from './models.ts'

export interface NodeParserFor {
  /** Of the index, where there is one. */
  readonly settings: StackroomSettings | null
  readonly model: { readonly id: string; readonly maximumTokens: number }
  readonly input: NodeParserInput | undefined
}

/**
 * Old and new chunks of an index are alike: a choice that is not as it was recorded is refused.
 * @throws StackroomError `invalid-input`, `unsupported-format`
 */
export function nodeParserFor(models: Models, { settings, model, input }: NodeParserFor): NodeParserSettings {
  const transformation = settings?.transformations[0]
  if (!transformation) return nodeParserSettingsFor(model.maximumTokens, models.tokenizerOf(model.id), input)
  const recorded = fromTransformation(transformation)
  if (!recorded)
    throw new StackroomError(
      'unsupported-format',
      `The documents of this index were cut by ${transformation.className}, in a way that Stackroom does not know.`,
      { hint: 'Nothing is added to it, so that its chunks stay alike. Index into a new folder.' },
    )
  const { options, tokenizer } = recorded
  if (input && !agrees(input, options))
    throw new StackroomError(
      'invalid-input',
      `The documents of this index were cut by ${describeNodeParser(options)}; others cannot be cut differently.`,
      { hint: 'Leave the node parser out to go on with it, or index into a new folder.' },
    )
  return {
    ...options,
    // by the model's id; the index may have been embedded again with another model since
    tokenizer: tokenizer.includes(':') ? models.tokenizerOf(tokenizer) : { kind: 'cl100k_base' },
  }
}
