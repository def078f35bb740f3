import { Button } from 'antd'
import { useTranslation } from 'react-i18next'
import type { Bulk } from './types'
import { bulkLimit, type Selection } from './useSelection'

/** How many rows are chosen and what can be done with them. */
export function BulkBar<T extends { id: string }>({ bulk, selection }: { bulk: Bulk<T>; selection: Selection<T> }) {
  const { t } = useTranslation()
  const count = selection.rows.length
  return (
    <div className={count > 0 ? 'bulk-bar' : undefined}>
      <span role="status">
        {count > 0 && t('list.chosen', { count })}
        {selection.full && ` ${t('list.chosen_full', { count: bulk.limit ?? bulkLimit })}`}
      </span>
      {count > 0 && (
        <>
          <span className="bulk-actions">{bulk.actions(selection.rows, selection.clear)}</span>
          <Button type="link" size="small" onClick={selection.clear}>{t('list.chosen_clear')}</Button>
        </>
      )}
    </div>
  )
}
