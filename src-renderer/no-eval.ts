/** Must be loaded before the contract: zod compiles its parsers with `new Function` otherwise, which the page's policy forbids. */
import { z } from 'zod'

z.config({ jitless: true })
