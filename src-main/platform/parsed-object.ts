/**
 * An object that a JSON parser has made: whatever is in it is JSON, so that looking into it again, value by value, would tell
 * nothing and cost more than the parsing.
 */
import { z } from 'zod'
import type { Metadata } from '#contract'

export const parsedObjectSchema = z.custom<Metadata>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
)
