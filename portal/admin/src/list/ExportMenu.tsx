// All rows of the filter as a file: at once, or for more than 10,000 rows a little later.

import { DownloadOutlined } from '@ant-design/icons'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { App, Button, Dropdown, Modal } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Export } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { fetchExport, type Format, type Query, saveFile } from '@ccms/shared/download'
import { grouped } from '@ccms/shared/format'
import { useMay, useZone } from '../login/me'
import { Blank, Failed } from '../parts/PageStates'
import { useProblemText } from '../parts/ProblemText'
import { When } from '../parts/Times'

const exportsKey = ['desk', 'exports'] as const

export function ExportMenu({ path, query, phone }: { path: string; query: Query; phone: boolean }) {
  const { t } = useTranslation()
  const may = useMay()
  const client = useQueryClient()
  const { message } = App.useApp()
  const text = useProblemText()
  const [busy, setBusy] = useState(false)
  const [files, setFiles] = useState(false)
  const ask = async (format: Format) => {
    setBusy(true)
    try {
      const got = await fetchExport(path, query, format)
      if ('file' in got) saveFile(got.file, got.name)
      else {
        await client.invalidateQueries({ queryKey: exportsKey })
        setFiles(true)
      }
    } catch (e) {
      void message.error(text(e))
    } finally {
      setBusy(false)
    }
  }
  const items = [
    { key: 'note', type: 'group' as const, label: may('pii.export') ? t('export.all_rows') : t('export.all_rows_covered'), children: [
      { key: 'csv', label: t('export.csv'), onClick: () => void ask('csv') },
      { key: 'xlsx', label: t('export.xlsx'), onClick: () => void ask('xlsx') },
    ] },
    { type: 'divider' as const },
    { key: 'files', label: t('export.files'), onClick: () => setFiles(true) },
  ]
  return (
    <>
      <Dropdown menu={{ items }} trigger={['click']}>
        <Button icon={<DownloadOutlined aria-hidden />} loading={busy} aria-label={phone ? t('export.title') : undefined}>{!phone && t('export.title')}</Button>
      </Dropdown>
      {files && <Files onClose={() => setFiles(false)} />}
    </>
  )
}

function Files({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation()
  const all = useQuery({
    queryKey: exportsKey,
    queryFn: ({ signal }) => take(api.GET('/api/v1/exports', { signal, params: { query: { limit: 20 } } })),
    refetchInterval: (q) => (q.state.data?.items.some((e) => e.state === 'WAITING') ? 2000 : false),
  })
  return (
    <Modal open title={t('export.files')} onCancel={onClose} footer={<Button onClick={onClose}>{t('form.close')}</Button>} width={560}>
      {all.isError && !all.data && <Failed error={all.error} title={t('list.error')} retry={() => void all.refetch()} />}
      {all.data?.items.length === 0 && <Blank title={t('export.none')} next={t('export.none_next')} />}
      <ul className="files" aria-live="polite">
        {all.data?.items.map((e) => <File key={e.id} export={e} />)}
      </ul>
    </Modal>
  )
}

function File({ export: e }: { export: Export }) {
  const { t } = useTranslation()
  const zone = useZone()
  const list = e.path.slice(e.path.lastIndexOf('/') + 1)
  return (
    <li>
      <div>
        <b>{`${list}.${e.format}`}</b>
        <div className="quiet small"><When at={e.created_at} zone={zone} withZone /></div>
      </div>
      {e.state === 'WAITING' && <span className="quiet">{t('export.waiting')}</span>}
      {e.state === 'FAILED' && <span className="tone-text-bad">{e.why || t('export.failed')}</span>}
      {e.state === 'READY' && (
        <>
          <span className="quiet num">{t('list.total', { count: e.rows, total: grouped(String(e.rows)) })}</span>
          <Button href={`/api/v1/exports/${e.id}/file`} icon={<DownloadOutlined aria-hidden />} download>{t('export.fetch')}</Button>
        </>
      )}
    </li>
  )
}
