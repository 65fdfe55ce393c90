/** The very text that a model is given: the prompt before it, and line breaks as the index was made with them. */
import type { EmbedModelSettings } from './embed-model.ts'

export function documentInput(settings: EmbedModelSettings, text: string): string {
  return withLineBreaks(settings, settings.documentPrefix + text)
}

export function queryInput(settings: EmbedModelSettings, text: string): string {
  return withLineBreaks(settings, settings.queryPrefix + text)
}

function withLineBreaks({ lineBreaks }: EmbedModelSettings, text: string): string {
  return lineBreaks === 'kept' ? text : text.replaceAll('\n', ' ')
}
