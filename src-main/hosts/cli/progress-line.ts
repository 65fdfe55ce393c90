/** How far work is, on a terminal. */
import type { JobProgress } from '#contract'
import type { JsonOption } from './output.ts'

/** One line on the terminal that is written over. */
export class ProgressLine {
  static for({ json }: JsonOption): ProgressLine | null {
    return json || !process.stderr.isTTY ? null : new ProgressLine()
  }

  show({ phase, filesDone, filesTotal, bytesDone, bytesTotal, nodes, secondsLeft }: JobProgress): void {
    const left = secondsLeft === null ? '' : `, ${Math.ceil(secondsLeft)} s left`
    const megabytes = `${(bytesDone / 1e6).toFixed(1)} of ${(bytesTotal / 1e6).toFixed(1)} MB`
    process.stderr.write(
      `\r\u001b[K${phase}: ${filesDone} of ${filesTotal} files, ${megabytes}, ${nodes} nodes${left}`,
    )
  }

  clear(): void {
    process.stderr.write('\r\u001b[K')
  }
}
