/** Numbers, sizes and durations as people read them. */
const whole = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 })
const oneDigit = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 })

export function formatCount(count: number): string {
  return whole.format(count)
}

/** `formatCounted(1, 'file', 'files')` is “1 file”. */
export function formatCounted(count: number, one: string, many: string): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`
}

const byteUnits = ['bytes', 'KB', 'MB', 'GB', 'TB']

export function formatBytes(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 1000 && unit < byteUnits.length - 1) {
    value /= 1000
    unit += 1
  }
  const format = value < 10 && unit > 0 ? oneDigit : whole
  return `${format.format(value)} ${byteUnits[unit] ?? ''}`
}

export function formatMilliseconds(milliseconds: number): string {
  return milliseconds < 10 ? `${oneDigit.format(milliseconds)} ms` : `${whole.format(milliseconds)} ms`
}

/** “8 s”, “3 min 20 s”, “2 h 5 min”. */
export function formatSeconds(seconds: number): string {
  if (seconds < 1) return 'less than a second'
  const rounded = Math.round(seconds)
  if (rounded < 60) return `${rounded} s`
  const minutes = Math.floor(rounded / 60)
  if (minutes < 60) return rounded % 60 === 0 ? `${minutes} min` : `${minutes} min ${rounded % 60} s`
  const hours = Math.floor(minutes / 60)
  return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`
}

/** Time left, no finer than can be known. */
export function formatTimeLeft(seconds: number): string {
  if (seconds < 5) return 'a few seconds left'
  if (seconds < 60) return `about ${Math.ceil(seconds / 5) * 5} s left`
  const minutes = Math.round(seconds / 60)
  if (minutes < 90) return `about ${minutes} min left`
  return `about ${oneDigit.format(minutes / 60)} h left`
}

const dateTime = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' })

export function formatDateTime(iso: string): string {
  const date = new Date(iso)
  return Number.isNaN(date.getTime()) ? iso : dateTime.format(date)
}

export function formatPercent(fraction: number): string {
  return `${Math.floor(fraction * 100)} %`
}
