import type { StackroomBridge } from '#contract'

declare global {
  interface Window {
    /** Put there by the preload script; absent in a browser. */
    readonly stackroom?: StackroomBridge
  }
}
