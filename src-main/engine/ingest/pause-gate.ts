/** Lets work be held up between two steps, and go on. */
import { abortable } from '#platform/abortable.ts'

export class PauseGate {
  #open: Promise<void> = Promise.resolve()
  #resume: (() => void) | null = null
  /** Milliseconds that were spent in pauses. */
  #pausedMs = 0
  #pausedAt = 0

  get isPaused(): boolean {
    return this.#resume !== null
  }

  /** In milliseconds, the pause of now included. */
  get pausedMs(): number {
    return this.#pausedMs + (this.isPaused ? performance.now() - this.#pausedAt : 0)
  }

  pause(): void {
    if (this.isPaused) return
    this.#pausedAt = performance.now()
    this.#open = new Promise((resolve) => {
      this.#resume = resolve
    })
  }

  resume(): void {
    if (!this.#resume) return
    this.#pausedMs += performance.now() - this.#pausedAt
    this.#resume()
    this.#resume = null
  }

  /** Resolves when nothing is paused. Rejects with the signal's reason. */
  async pass(signal: AbortSignal | undefined): Promise<void> {
    while (this.isPaused) await abortable(this.#open, signal)
  }
}
