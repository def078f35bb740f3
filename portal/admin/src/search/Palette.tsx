// One field for what a caller reads out on the phone, after the ARIA pattern of a
// combobox with a list: the focus stays in the field, arrows choose, Enter opens.

import {
  CreditCardOutlined, DashboardOutlined, EnvironmentOutlined, IdcardOutlined, ProfileOutlined, SearchOutlined, WalletOutlined,
} from '@ant-design/icons'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Modal } from 'antd'
import { type ComponentType, type KeyboardEvent, useEffect, useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import type { FoundKind, Hit } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { operatorOf, useMay, useSignedIn, useZone } from '../login/me'
import { useProblemText } from '../parts/ProblemText'
import { When } from '../parts/Times'
import { keepSeen, readSeen, type Seen } from './recent'
import { targetOf } from './target'

const icons: Record<FoundKind, ComponentType> = {
  session: ProfileOutlined, recharge: WalletOutlined, card: CreditCardOutlined, driver: IdcardOutlined,
  charge_point: DashboardOutlined, site: EnvironmentOutlined,
}

const typingMs = 200

export function Palette({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation()
  const id = useId()
  const may = useMay()
  const me = useSignedIn()
  const who = `${me.staff.id}.${operatorOf(me)?.id ?? ''}`
  const navigate = useNavigate()
  const text = useProblemText()
  const [typed, setTyped] = useState('')
  const [q, setQ] = useState('')
  const [at, setAt] = useState(0)
  useEffect(() => {
    const timer = setTimeout(() => { setQ(typed.trim()); setAt(0) }, typingMs)
    return () => clearTimeout(timer)
  }, [typed])
  const asked = q.length > 1 || /^\d+$/.test(q)
  const found = useQuery({
    queryKey: ['search', q], enabled: asked, placeholderData: asked ? keepPreviousData : undefined, staleTime: 10_000,
    queryFn: ({ signal }) => take(api.GET('/api/v1/search', { signal, params: { query: { q } } })),
  })
  const groups: { title: string; more: boolean; rows: Seen[] }[] = asked
    ? (found.data?.groups ?? []).map((g) => ({ title: t(`search.kind.${g.kind}`), more: g.more, rows: g.hits.map((hit) => ({ kind: g.kind, hit, to: targetOf(g.kind, hit, may) })) }))
    : [{ title: t('search.recent'), more: false, rows: readSeen(who) }].filter((g) => g.rows.length > 0)
  const rows = groups.flatMap((g) => g.rows)
  const active = rows[Math.min(at, rows.length - 1)]

  const open = (s: Seen) => {
    keepSeen(who, s)
    onClose()
    void navigate(s.to)
  }
  const key = (e: KeyboardEvent) => {
    const step = e.key === 'ArrowDown' ? 1 : e.key === 'ArrowUp' ? -1 : 0
    if (step !== 0 && rows.length > 0) {
      e.preventDefault()
      const next = (Math.min(at, rows.length - 1) + step + rows.length) % rows.length
      setAt(next)
      document.getElementById(`${id}-${rows[next]!.hit.id}`)?.scrollIntoView({ block: 'nearest' })
    } else if (e.key === 'Enter' && active && q === typed.trim()) {
      e.preventDefault()
      open(active)
    }
  }
  const says = found.isError ? text(found.error)
    : asked && found.data && !found.isPlaceholderData && rows.length === 0 ? t('search.nothing')
      : asked ? '' : t('search.help')
  return (
    <Modal open onCancel={onClose} footer={null} closable={false} width={640} className="palette" title={<span className="visually-hidden">{t('search.title')}</span>}>
      <div className="palette-field">
        <SearchOutlined aria-hidden />
        {/* oxlint-disable-next-line jsx-a11y/no-autofocus -- the palette is opened to type */}
        <input autoFocus type="text" role="combobox" aria-expanded={rows.length > 0} aria-controls={`${id}-list`} aria-autocomplete="list" autoComplete="off"
          spellCheck={false} aria-activedescendant={active ? `${id}-${active.hit.id}` : undefined} aria-label={t('search.title')} placeholder={t('search.placeholder')}
          maxLength={100} value={typed} onChange={(e) => setTyped(e.target.value)} onKeyDown={key} />
      </div>
      <div className="palette-list" id={`${id}-list`} role="listbox" aria-label={t('search.title')}>
        {groups.map((g) => (
          <div key={g.title} role="group" aria-label={g.title}>
            <div className="palette-kind" aria-hidden="true">{g.title}{g.more && <span> · {t('search.more')}</span>}</div>
            {g.rows.map((s) => (
              <Row key={s.hit.id} id={`${id}-${s.hit.id}`} seen={s} active={s === active} open={() => open(s)} />
            ))}
          </div>
        ))}
      </div>
      <p role="status" className="palette-says quiet">{says}</p>
    </Modal>
  )
}

function Row({ id, seen, active, open }: { id: string; seen: Seen; active: boolean; open: () => void }) {
  const Icon = icons[seen.kind]
  const h: Hit = seen.hit
  const zone = useZone()
  return (
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/interactive-supports-focus -- keys are the field's
    <div id={id} role="option" aria-selected={active} className="palette-row" onClick={open}>
      <Icon aria-hidden />
      <span className="palette-what"><b>{h.title}</b>{h.detail && <span className="quiet">{h.detail}</span>}</span>
      {h.at && <span className="quiet small"><When at={h.at} zone={zone} withZone /></span>}
    </div>
  )
}
