/** An embed model in sentences: where it runs, how long its vectors are, what it needs and costs. */
import type { EmbedModelInfo } from '#contract'
import { formatCount } from '../../ui/format.ts'

const dollars = new Intl.NumberFormat(undefined, { style: 'currency', currency: 'USD' })

export function describeModel(model: EmbedModelInfo): string {
  const { description, dimensions, usdPerMillionTokens, keyName } = model
  return [
    description,
    `${formatCount(dimensions)} dimensions.`,
    keyName !== undefined && `Needs the key ${keyName}.`,
    usdPerMillionTokens !== undefined && `${dollars.format(usdPerMillionTokens)} for a million tokens.`,
  ]
    .filter((sentence) => sentence !== false)
    .join(' ')
}
