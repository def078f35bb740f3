import { DeleteOutlined, PlusOutlined, UploadOutlined, WarningOutlined } from '@ant-design/icons'
import { useQueryClient } from '@tanstack/react-query'
import { App, Button, Form, Input } from 'antd'
import { useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { FirmwareImage } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { kilobytes, none } from '@ccms/shared/format'
import { newKey } from '@ccms/shared/key'
import { type Column, List } from '../list/List'
import { paged } from '../list/state'
import { useMay, useZone } from '../login/me'
import { FormDialog, useRequired } from '../parts/FormDialog'
import { Mono } from '../parts/Mono'
import { useProblemText } from '../parts/ProblemText'
import { Tag } from '../parts/Status'
import { When } from '../parts/Times'

/** The file goes as it is, not as JSON. */
async function bringFile(image: FirmwareImage, file: File) {
  return take(api.PUT('/api/v1/firmware-images/{id}/file', {
    params: { path: { id: image.id }, header: { 'If-Match': `"${image.version}"` } },
    body: file as unknown as string, bodySerializer: (b: unknown) => b as BodyInit, headers: { 'Content-Type': 'application/octet-stream' },
  }))
}

const deleteImage = (i: FirmwareImage) => take(api.DELETE('/api/v1/firmware-images/{id}', { params: { path: { id: i.id }, header: { 'If-Match': `"${i.version}"` } } }))

export function Images() {
  const { t } = useTranslation()
  const may = useMay()
  const zone = useZone()
  const [adding, setAdding] = useState(false)
  const columns = useMemo<Column<FirmwareImage>[]>(() => {
    const out: Column<FirmwareImage>[] = [
      { key: 'name', title: t('col.name'), fixed: true, wide: true, cell: (i) => i.name },
      { key: 'vendor', title: t('firmware.vendor'), cell: (i) => i.vendor },
      { key: 'model', title: t('firmware.model'), cell: (i) => i.model },
      { key: 'release', title: t('firmware.release'), cell: (i) => <span className="mono-text">{i.release}</span> },
      { key: 'size', title: t('files.size'), num: true, cell: (i) => (i.missing ? <Tag tone="bad" icon={WarningOutlined} text={t('firmware.missing')} /> : i.bytes ? kilobytes(i.bytes) : <span className="quiet">{t('firmware.draft')}</span>) },
      { key: 'signed', title: t('firmware.signed'), cell: (i) => (i.signed ? i.signer || t('yes') : t('no')), wide: true },
      { key: 'sha', title: t('firmware.checksum'), off: true, cell: (i) => (i.sha256 ? <Mono value={i.sha256} /> : none) },
      { key: 'created', title: t('col.time'), note: zone, sort: 'created_at', cell: (i) => <When at={i.created_at} zone={zone} /> },
    ]
    if (may('firmware.write')) out.push({ key: 'operation', title: t('list.operation'), pin: true, cell: (i) => <Operations image={i} /> })
    return out
  }, [t, may, zone])
  const add = may('firmware.write') && <Button type="primary" icon={<PlusOutlined aria-hidden />} onClick={() => setAdding(true)}>{t('firmware.add')}</Button>
  return (
    <>
      <List<FirmwareImage>
        queryKey={['firmware-images', 'list']} name="firmware_images" label={t('firmware.images')} columns={columns} defaultSort="-created_at" actions={add}
        load={(st, signal) => take(api.GET('/api/v1/firmware-images', { signal, params: { query: paged(st) } }))}
        exports={{ path: '/api/v1/firmware-images', query: paged }}
        rowName={(i) => i.name}
        card={(i) => ({
          title: i.name, facts: [[t('firmware.model'), `${i.vendor} ${i.model}`], [t('firmware.release'), i.release], [t('firmware.signed'), i.signed ? t('yes') : t('no')]],
          status: i.missing ? <Tag tone="bad" icon={WarningOutlined} text={t('firmware.missing')} /> : undefined,
          actions: may('firmware.write') ? <Operations image={i} /> : undefined,
        })}
        empty={{ title: t('firmware.no_image'), next: t('firmware.no_image_next'), action: add }}
      />
      {adding && <ImageDialog onClose={() => setAdding(false)} />}
    </>
  )
}

function Operations({ image: i }: { image: FirmwareImage }) {
  return <span className="row-buttons">{i.missing && <Again image={i} />}<Delete image={i} /></span>
}

/** The file of an image that a backup left out comes again. */
function Again({ image: i }: { image: FirmwareImage }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const { message } = App.useApp()
  const [open, setOpen] = useState(false)
  const name = t('firmware.upload_of', { name: i.name })
  return (
    <>
      <Button size="small" type="text" icon={<UploadOutlined aria-hidden />} aria-label={name} title={name} onClick={() => setOpen(true)} />
      {open && (
        <FormDialog<{ file: File }> title={name} ok={t('firmware.upload')} what={t('firmware.missing_what')} initial={{}} onClose={() => setOpen(false)}
          submit={async (v) => {
            await bringFile(i, v.file)
            await client.invalidateQueries({ queryKey: ['firmware-images'] })
            void message.success(t('form.saved'))
            setOpen(false)
          }}>
          <Form.Item name="file" label={t('firmware.file')} rules={[{ required: true, message: t('firmware.file_needed') }]}><FileField /></Form.Item>
        </FormDialog>
      )}
    </>
  )
}

function Delete({ image: i }: { image: FirmwareImage }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const { modal, message } = App.useApp()
  const text = useProblemText()
  const remove = async () => {
    try {
      await deleteImage(i)
      await client.invalidateQueries({ queryKey: ['firmware-images'] })
    } catch (e) {
      void message.error(text(e))
    }
  }
  const name = t('firmware.delete_of', { name: i.name })
  return (
    <Button size="small" type="text" danger icon={<DeleteOutlined aria-hidden />} aria-label={name} title={name}
      onClick={() => void modal.confirm({ title: name, content: t('firmware.delete_what'), okText: t('files.delete'), okButtonProps: { danger: true }, cancelText: t('form.cancel'), onOk: remove })} />
  )
}

interface Values { name: string; vendor: string; model: string; release: string; file: File; signature?: string; certificate?: string }

function ImageDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const { message } = App.useApp()
  const required = useRequired()
  return (
    <FormDialog<Values> title={t('firmware.add')} ok={t('firmware.upload')} what={t('firmware.add_what')} initial={{}} onClose={onClose} rename={(p) => (p[0] === 'file_name' ? ['file'] : p)}
      submit={async (v) => {
        const image = await take(api.POST('/api/v1/firmware-images', {
          params: { header: { 'Idempotency-Key': newKey() } },
          body: { name: v.name.trim(), vendor: v.vendor.trim(), model: v.model.trim(), release: v.release.trim(), file_name: v.file.name,
            signature: v.signature?.trim() || undefined, certificate: v.certificate?.trim() || undefined },
        }))
        try {
          await bringFile(image, v.file)
        } catch (e) {
          await deleteImage(image).catch(() => undefined) // the form has all of it still
          throw e
        }
        await client.invalidateQueries({ queryKey: ['firmware-images'] })
        void message.success(t('form.saved'))
        onClose()
      }}>
      <Form.Item name="file" label={t('firmware.file')} rules={[
        { required: true, message: t('firmware.file_needed') },
        { validator: (_, f?: File) => (!f || /^[A-Za-z0-9._-]{1,100}$/.test(f.name) ? Promise.resolve() : Promise.reject(new Error(t('firmware.file_name_bad')))) },
      ]}><FileField /></Form.Item>
      <Form.Item name="name" label={t('col.name')} rules={[required]}><Input maxLength={100} /></Form.Item>
      <Form.Item name="vendor" label={t('firmware.vendor')} rules={[required]}><Input maxLength={50} /></Form.Item>
      <Form.Item name="model" label={t('firmware.model')} rules={[required]}><Input maxLength={50} /></Form.Item>
      <Form.Item name="release" label={t('firmware.release')} rules={[required]}><Input maxLength={50} className="mono-input" /></Form.Item>
      <Form.Item name="signature" label={`${t('firmware.signature')} (${t('form.optional')})`} extra={t('firmware.signature_help')}><Input.TextArea rows={2} maxLength={800} className="mono-input" /></Form.Item>
      <Form.Item name="certificate" label={`${t('firmware.certificate')} (${t('form.optional')})`}><Input.TextArea rows={3} maxLength={5500} className="mono-input" /></Form.Item>
    </FormDialog>
  )
}

/** The browser's own field, behind a button. */
function FileField({ id, value, onChange }: { id?: string; value?: File; onChange?: (f?: File) => void }) {
  const { t } = useTranslation()
  const input = useRef<HTMLInputElement>(null)
  return (
    <span className="row-buttons">
      <Button icon={<UploadOutlined aria-hidden />} onClick={() => input.current?.click()}>{value?.name ?? t('firmware.file_needed')}</Button>
      <input ref={input} id={id} type="file" className="visually-hidden" tabIndex={-1} aria-label={t('firmware.file')} onChange={(e) => onChange?.(e.target.files?.[0])} />
    </span>
  )
}
