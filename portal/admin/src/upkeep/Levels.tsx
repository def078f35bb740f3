// How bad warnings of each type are: what is built in, and what the operator says instead.

import { EditOutlined, SafetyOutlined } from '@ant-design/icons'
import { useQueryClient } from '@tanstack/react-query'
import { App, Button, Form, Select } from 'antd'
import { type ReactNode, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { WarningLevel, WarningLevels } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { none } from '@ccms/shared/format'
import { Problem } from '@ccms/shared/problem'
import { type Column, List } from '../list/List'
import { LevelTag } from '../live/warning'
import { useMay } from '../login/me'
import { FormDialog } from '../parts/FormDialog'
import { word } from '../parts/words'
import { type Given, given, levelsWith, ownOf } from './levels'

/** A row knows all of them: they are saved together. */
type Row = WarningLevel & { id: string; all: WarningLevels }

const newest = (signal?: AbortSignal) => take(api.GET('/api/v1/warning-levels', { signal }))

export default function Levels() {
  const { t } = useTranslation()
  const may = useMay()
  const [editing, setEditing] = useState<Row>()
  const name = (r: Row) => word(t, 'warning_type', r.type)
  const edit = (r: Row) => may('warnings.configure') && (
    <Button size="small" type="text" icon={<EditOutlined aria-hidden />} aria-label={t('levels.edit_of', { type: name(r) })} title={t('levels.edit_of', { type: name(r) })} onClick={() => setEditing(r)} />
  )
  const columns: Column<Row>[] = [
    { key: 'type', title: t('col.type'), fixed: true, cell: name },
    { key: 'built_in', title: t('levels.built_in'), cell: (r) => <BuiltIn row={r} /> },
    { key: 'own', title: t('levels.own'), cell: (r) => (r.level ? <LevelTag value={r.level} /> : none) },
    { key: 'note', title: t('levels.note'), wide: 'most', cell: (r) => (r.safety ? <Safety /> : '') },
  ]
  if (may('warnings.configure')) columns.push({ key: 'operation', title: t('list.operation'), pin: true, cell: edit })
  return (
    <>
      <List<Row>
        queryKey={['warning-levels']} label={t('nav.levels')} columns={columns} note={<span className="quiet small">{t('levels.what')}</span>}
        load={async (_, signal) => {
          const all = await newest(signal)
          return { items: all.items.map((l) => ({ ...l, id: l.type, all })), total: all.items.length, total_capped: false }
        }}
        rowName={name}
        card={(r) => ({
          title: name(r),
          facts: [[t('levels.built_in'), <BuiltIn key="b" row={r} />], [t('levels.own'), r.level ? <LevelTag key="o" value={r.level} /> : none], ...(r.safety ? [[t('levels.note'), <Safety key="s" />] as [string, ReactNode]] : [])],
          actions: edit(r),
        })}
        empty={{ title: t('list.no_data') }}
      />
      {editing && <LevelDialog row={editing} onClose={() => setEditing(undefined)} />}
    </>
  )
}

function BuiltIn({ row: r }: { row: Row }) {
  const { t } = useTranslation()
  return (
    <span className="levels-range">
      <LevelTag value={r.built_in_lowest} />
      {r.built_in_lowest !== r.built_in_highest && <><span className="quiet small">{t('levels.to')}</span><LevelTag value={r.built_in_highest} /></>}
    </span>
  )
}

function Safety() {
  const { t } = useTranslation()
  return <span className="quiet"><SafetyOutlined aria-hidden /> {t('levels.safety_short')}</span>
}

interface Values { level?: Given | '' }

function LevelDialog({ row: r, onClose }: { row: Row; onClose: () => void }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const { message } = App.useApp()
  const known = useRef(r.all)
  const type = word(t, 'warning_type', r.type)
  const [low, high] = [word(t, 'warning_level', r.built_in_lowest), word(t, 'warning_level', r.built_in_highest)]
  const built = low === high ? low : `${low}–${high}`
  const asBuilt = t('levels.as_built', { level: built })
  const save = (level: Given | undefined) => take(api.PUT('/api/v1/warning-levels', {
    params: { header: { 'If-Match': `"${known.current.version}"` } }, body: { levels: levelsWith(known.current, r.type, level) },
  }))
  return (
    <FormDialog<Values> title={t('levels.edit_of', { type })} ok={t('form.save')} onClose={onClose} initial={{ level: r.level ?? '' }}
      what={<>{t('levels.edit_what')}{r.safety && <> {t('levels.safety')}</>}</>}
      conflict={{
        label: () => t('levels.own'), show: (_, v) => (v ? word(t, 'warning_level', v as string) : asBuilt),
        newest: async () => {
          known.current = await newest()
          return { level: ownOf(known.current, r.type) ?? '' }
        },
      }}
      submit={async (v) => {
        const level = v.level || undefined
        try {
          await save(level)
        } catch (e) {
          if (!(e instanceof Problem) || e.code !== 'stale_version') throw e
          const now = await newest()
          // Somebody changed this very type: that is for a person to choose. Another: both are right.
          if (ownOf(now, r.type) !== ownOf(known.current, r.type)) throw e
          known.current = now
          await save(level)
        }
        await client.invalidateQueries({ queryKey: ['warning-levels'] })
        void message.success(t('form.saved'))
        onClose()
      }}>
      <Form.Item name="level" label={t('levels.own')}>
        <Select autoFocus options={[{ value: '', label: asBuilt }, ...given.map((l) => ({ value: l, label: word(t, 'warning_level', l) }))]} />
      </Form.Item>
    </FormDialog>
  )
}
