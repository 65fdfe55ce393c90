import { expect, test } from 'vitest'
import {
  formatBytes,
  formatMilliseconds,
  formatSeconds,
  formatTimeLeft,
} from '../../../src-renderer/ui/format.ts'

test('sizes have as many digits as matter', () => {
  expect(formatBytes(0)).toBe('0 bytes')
  expect(formatBytes(999)).toBe('999 bytes')
  expect(formatBytes(1_500)).toBe('1.5 KB')
  expect(formatBytes(66_982_321)).toBe('67 MB')
  expect(formatBytes(2_340_000_000)).toBe('2.3 GB')
})

test('durations are told as people tell them', () => {
  expect(formatMilliseconds(8.72)).toBe('8.7 ms')
  expect(formatMilliseconds(123.4)).toBe('123 ms')
  expect(formatSeconds(0.4)).toBe('less than a second')
  expect(formatSeconds(59.6)).toBe('1 min')
  expect(formatSeconds(200)).toBe('3 min 20 s')
  expect(formatSeconds(7500)).toBe('2 h 5 min')
  expect(formatTimeLeft(3)).toBe('a few seconds left')
  expect(formatTimeLeft(42)).toBe('about 45 s left')
  expect(formatTimeLeft(600)).toBe('about 10 min left')
  expect(formatTimeLeft(9000)).toBe('about 2.5 h left')
})
