/** Arithmetic of embedding vectors. */

/** Scales to length 1, in place. A zero vector stays as it is. */
export function normalize(vector: Float32Array): Float32Array {
  let square = 0
  for (const value of vector) square += value * value
  if (square > 0) {
    const scale = 1 / Math.sqrt(square)
    for (let i = 0; i < vector.length; i++) vector[i]! *= scale
  }
  return vector
}

/** Cosine similarity of two vectors of the same length; NaN when one of them is zero. */
export function cosine(a: Float32Array, b: Float32Array): number {
  let product = 0
  let squareA = 0
  let squareB = 0
  for (let i = 0; i < a.length; i++) {
    product += a[i]! * b[i]!
    squareA += a[i]! * a[i]!
    squareB += b[i]! * b[i]!
  }
  return product / Math.sqrt(squareA * squareB)
}

/** Why a model's answer cannot be used as a vector, or null when it can. */
export function flawOf(vector: Float32Array): 'not a number' | 'all zero' | null {
  let square = 0
  for (const value of vector) square += value * value
  if (!Number.isFinite(square)) return 'not a number'
  return square === 0 ? 'all zero' : null
}
