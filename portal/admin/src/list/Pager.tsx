import { LeftOutlined, RightOutlined, VerticalRightOutlined } from '@ant-design/icons'
import { Button, Select } from 'antd'
import { useTranslation } from 'react-i18next'
import type { Page } from '@ccms/shared/api'
import { grouped } from '@ccms/shared/format'
import { defaultLimit, type ListState, pageSizes } from './state'

export function Pager<T>({ page, state, before, go }: {
  page: Page<T>; state: ListState; before: string[]; go: (s: ListState, pages?: string[]) => void
}) {
  const { t } = useTranslation()
  const total = page.total_capped
    ? t('list.total_capped', { total: grouped(String(page.total)) })
    : t('list.total', { count: page.total, total: grouped(String(page.total)) })
  const next = () => go({ ...state, cursor: page.next_cursor }, [...before, state.cursor ?? ''])
  const previous = () => go({ ...state, cursor: before.at(-1) || undefined }, before.slice(0, -1))
  const first = () => go({ ...state, cursor: undefined })
  const many = page.next_cursor !== undefined || state.cursor !== undefined
  return (
    <nav className="pager" aria-label={t('list.paging')}>
      <span className="num">{total}</span>
      {(many || page.total > pageSizes[0]! || state.limit !== defaultLimit) && (
        <Select size="small" value={state.limit} aria-label={t('list.per_page')} options={pageSizes.map((n) => ({ value: n, label: n }))}
          onChange={(limit) => go({ ...state, limit, cursor: undefined })} />
      )}
      {many && (
        <span className="pager-buttons">
          <Button size="small" icon={<VerticalRightOutlined aria-hidden />} disabled={!state.cursor} onClick={first} aria-label={t('list.first')} title={t('list.first')} />
          <Button size="small" icon={<LeftOutlined aria-hidden />} disabled={before.length === 0} onClick={previous}>{t('list.previous')}</Button>
          <Button size="small" disabled={!page.next_cursor} onClick={next}>{t('list.next')} <RightOutlined aria-hidden /></Button>
        </span>
      )}
    </nav>
  )
}
