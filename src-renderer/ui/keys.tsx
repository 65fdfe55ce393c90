/** A key to press, as it is printed on the user's keyboard. */
import './keys.css'

const onApple = /mac|iphone|ipad/i.test(navigator.userAgent)

export function Keys({ keys }: { readonly keys: readonly string[] }) {
  return (
    <span className="keys">
      {keys.map((key) => (
        <kbd key={key}>{key === 'Mod' ? (onApple ? '⌘' : 'Ctrl') : key}</kbd>
      ))}
    </span>
  )
}
