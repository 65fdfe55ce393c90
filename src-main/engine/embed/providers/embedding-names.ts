/** Whether a model can embed, as far as its name tells. */

const embeds = /embed|minilm|mpnet|instructor|(^|[-_/])(bge|e5|gte|uae|voyage|stella)([-_:]|$)/i
const otherwise =
  /whisper|tts|dall-e|rerank|guard|(^|[-_/:])(chat|instruct|coder|vision)([-_:]|$)|(^|[-_/])(llama|codellama|llava|gpt|o\d|mistral|mixtral|qwen|gemma|phi|deepseek|claude|grok|gemini|falcon|vicuna)/i

/** Null: the name tells nothing. */
export function canEmbed(model: string): boolean | null {
  // models for embedding are often built on chat models, and named after both
  if (embeds.test(model)) return true
  return otherwise.test(model) ? false : null
}
