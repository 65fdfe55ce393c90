/** A Vitest reporter that says why each skipped test was skipped: neither the default report nor the JSON one does. */
export default class SkippedReporter {
  onTestRunEnd(testModules) {
    for (const testModule of testModules)
      for (const test of testModule.children.allTests('skipped')) {
        const { note } = test.result()
        console.log(`Skipped: ${test.fullName} (${note || 'not for this system'})`)
      }
  }
}
