import type { ReactNode } from 'react'

export type Fact = [label: string, value: ReactNode]

/** Label and value, one below the other. A fact nobody knows is left out. */
export function Facts({ items }: { items: (Fact | false | undefined)[] }) {
  return (
    <dl className="facts">
      {items.filter((f): f is Fact => Boolean(f)).map(([label, value]) => (
        <div key={label}><dt>{label}</dt><dd>{value}</dd></div>
      ))}
    </dl>
  )
}
