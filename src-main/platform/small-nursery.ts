/** Keeps V8's nursery, the part of the heap that new objects are made in, as small as it begins. */
import { setFlagsFromString } from 'node:v8'

/**
 * The main thread's would grow to 100 MB while many files are indexed, only to collect what each file leaves behind somewhat
 * later; that of a worker thread can be bounded by its owner, the main thread's cannot. For the whole process, so it is called
 * before any thread is started.
 */
export function keepNurserySmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1')
}
