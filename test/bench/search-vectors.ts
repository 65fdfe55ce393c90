/**
 * Vectors and texts that behave like those of documents, the same for everyone who runs the benchmark: vectors lie in clusters
 * of unequal size, as passages of the same subject do, and words are as unequally frequent as in a language.
 */

import { randomFrom } from '../random-from.ts'

const clusters = 2000

/** Unit vectors, one after the other; those of a query are drawn from the same clusters with another seed. */
export function clusteredVectors(count: number, dimensions: number, seed: number): Float32Array {
  const centres = gaussians(clusters * dimensions, randomFrom(1))
  const random = randomFrom(seed)
  const noise = gaussianTable(random)
  const vectors = new Float32Array(count * dimensions)
  for (let row = 0; row < count; row++) {
    // Squared, so that some clusters are much larger than others.
    const centre = Math.floor(random() ** 2 * clusters) * dimensions
    const first = row * dimensions
    let sum = 0
    for (let index = 0; index < dimensions; index++) {
      const value = centres[centre + index]! + noise()
      vectors[first + index] = value
      sum += value * value
    }
    const length = Math.sqrt(sum)
    for (let index = first; index < first + dimensions; index++) vectors[index]! /= length
  }
  return vectors
}

/** Drawn from a table: a logarithm for each of 400 million numbers would take a minute. */
function gaussianTable(random: () => number): () => number {
  const table = gaussians(2 ** 16, random)
  return () => table[Math.floor(random() * table.length)]!
}

function gaussians(count: number, random: () => number): Float32Array {
  return Float32Array.from(
    { length: count },
    () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()),
  )
}

const syllables = 'ba ce di fo gu ka le mi no pu ra se ti vo zu an er in or un'.split(' ')
const vocabulary = 50_000

/** The word of this rank, 0 being the most frequent. */
export function wordOf(rank: number): string {
  let word = ''
  for (let rest = rank + syllables.length; rest > 0; rest = Math.floor(rest / syllables.length))
    word += syllables[rest % syllables.length]
  return word
}

/** By Zipf's law: the word of rank r is about 1/r as frequent as the first. */
export function zipfRank(random: () => number): number {
  return Math.floor(vocabulary ** random()) - 1
}

export function textOf(words: number, random: () => number): string {
  return Array.from({ length: words }, () => wordOf(zipfRank(random))).join(' ')
}
