import { useTranslation } from 'react-i18next'

const widths = ['62%', '40%', '74%', '55%', '48%', '66%']

export function PageSkeleton() {
  const { t } = useTranslation()
  return (
    <div className="skeleton" role="status" aria-label={t('list.loading')}>
      {widths.map((w) => <div key={w} className="skeleton-bar" style={{ inlineSize: w }} />)}
    </div>
  )
}

/** Rows in the places where rows will be, so that nothing jumps. */
export function RowsSkeleton({ columns }: { columns: number }) {
  return (
    <>
      {widths.map((w) => (
        <tr key={w} aria-hidden="true">
          {Array.from({ length: columns }, (_, i) => `c${i}`).map((c) => (
            // oxlint-disable-next-line jsx-a11y/control-has-associated-label -- nothing is in it
            <td key={c}><div className="skeleton-bar" style={{ inlineSize: w }} /></td>
          ))}
        </tr>
      ))}
    </>
  )
}
