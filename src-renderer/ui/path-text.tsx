/** A path that gives way in its middle: its last part stays readable, however narrow the place. */
import { classNames } from './class-names.ts'
import { baseName } from './paths.ts'
import './path-text.css'

export function PathText({ path, className }: { readonly path: string; readonly className?: string }) {
  const name = baseName(path)
  const head = path.endsWith(name) ? path.slice(0, -name.length) : ''
  return (
    <span className={classNames('path-text', className)} title={path}>
      <span className="path-text-head">{head}</span>
      <span className="path-text-tail">{head === '' ? path : name}</span>
    </span>
  )
}
