/** Keys that stand twice in one section: json.load keeps the last, other programs the first. */
import { shown, type CheckContext } from './check-context.ts'

export function checkDuplicates({ facts, problems }: CheckContext): void {
  const rows = facts.rows(
    `SELECT section, key, min(offset) AS first, max(offset) AS last, count(*) AS times FROM entries
     GROUP BY section, key HAVING count(*) > 1 ORDER BY section, first`,
  )
  for (const { section, key, first, last, times } of rows) {
    const at = facts.section(Number(section))
    problems.add({
      code: 'duplicate-key',
      message: `${at?.name} of ${at?.file} has the key ${shown(key)} ${String(times)} times, first at byte ${String(first)}; Python reads the last one.`,
      file: at?.file,
      section: at?.name,
      key: shown(key),
      offset: Number(last),
      repairable: at?.role !== 'other',
    })
  }
}
