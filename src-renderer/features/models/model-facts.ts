/** What is known of an embed model, in words. */
import type { EmbedModelInfo, ErrorShape, ModelEstimate, ModelTest } from '#contract'
import { formatCount, formatCounted, formatMilliseconds, formatSeconds } from '../../ui/format.ts'
import { baseName } from '../../ui/paths.ts'

const folderPrefix = 'onnx:'

/** The folder of a model that runs from one; null for any other. */
export function folderOf(model: EmbedModelInfo): string | null {
  return model.id.startsWith(folderPrefix) ? model.id.slice(folderPrefix.length) : null
}

/** As its server calls it, or the folder's name. */
export function shortId(id: string): string {
  if (id.startsWith(folderPrefix)) return baseName(id.slice(folderPrefix.length))
  return id.slice(id.indexOf(':') + 1)
}

const perMillion = new Intl.NumberFormat(undefined, {
  style: 'currency',
  currency: 'USD',
  maximumFractionDigits: 4,
})

/** The figures of a model, each as a few words. */
export function modelFacts(model: EmbedModelInfo): string[] {
  const { dimensions, maximumTokens, pooling, normalized, usdPerMillionTokens, textsPerSecond } = model
  return [
    `${formatCount(dimensions)} dimensions`,
    `reads ${formatCount(maximumTokens)} tokens at once`,
    pooling === undefined ? null : pooling === 'cls' ? 'CLS pooling' : 'mean pooling',
    normalized === undefined ? null : normalized ? 'normalised' : 'not normalised',
    usdPerMillionTokens === undefined ? null : `${perMillion.format(usdPerMillionTokens)} per million tokens`,
    textsPerSecond === undefined ? null : speed(textsPerSecond),
  ].filter((fact) => fact !== null)
}

export function speed(textsPerSecond: number): string {
  return `${formatCounted(rounded(textsPerSecond), 'text', 'texts')} a second here`
}

function rounded(value: number): number {
  return value < 10 ? Math.max(Math.round(value * 10) / 10, 0.1) : Math.round(value)
}

const dollars = new Intl.NumberFormat(undefined, { style: 'currency', currency: 'USD' })

export function price(usd: number): string {
  return usd > 0 && usd < 0.01 ? `less than ${dollars.format(0.01)}` : `about ${dollars.format(usd)}`
}

/** “About 310,000 tokens, about $0.01” */
export function estimateSentence({ tokens, cachedTokens, usd, seconds, truncated }: ModelEstimate): string {
  const parts = [`${truncated ? 'More than' : 'About'} ${formatCount(roughly(tokens))} tokens`]
  if (usd === null) parts.push('at a price that is not known here')
  else if (usd > 0) parts.push(price(usd))
  if (seconds !== null) parts.push(`${formatSeconds(seconds)} at the speed measured here`)
  const cached = cachedTokens > 0 ? ` ${formatCount(roughly(cachedTokens))} more were embedded before.` : ''
  return `${parts.join(', ')}.${cached}`
}

/** Two digits are all that an estimate has. */
function roughly(count: number): number {
  if (count < 100) return count
  const unit = 10 ** (Math.floor(Math.log10(count)) - 1)
  return Math.round(count / unit) * unit
}

/** What trying a model showed. */
export type TrialOutcome =
  | { readonly kind: 'good' | 'warning'; readonly message: string; readonly hint?: string }
  | { readonly kind: 'error'; readonly message: string; readonly hint?: string | undefined }

export function outcomeOf(test: ModelTest): TrialOutcome {
  if (!test.ok || test.error !== null) return failed(test.error)
  const facts = [
    test.dimensions === null ? null : `${formatCounted(test.dimensions, 'dimension', 'dimensions')}`,
    test.latencyMs === null ? null : `${formatMilliseconds(test.latencyMs)} for a short text`,
  ].filter((fact) => fact !== null)
  if (test.makesSense === false)
    return {
      kind: 'warning',
      message: `It answers (${facts.join(', ')}), but its vectors do not tell meanings apart.`,
      hint: 'It may not be an embedding model. Search by meaning will find little with it.',
    }
  return { kind: 'good', message: `It works: ${facts.join(', ')}.` }
}

function failed(error: ErrorShape | null): TrialOutcome {
  return { kind: 'error', message: error?.message ?? 'The model did not answer.', hint: error?.hint }
}
