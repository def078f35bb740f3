// A short form over the page: errors at their field in words, nothing lost by an
// error, and a question before typed things are thrown away.

import { Alert, App, Form, type FormInstance, Modal } from 'antd'
import { type ReactNode, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { newKey } from '@ccms/shared/key'
import { Problem, splitByField } from '@ccms/shared/problem'
import { useFieldText, useProblemText, useSupportText } from './ProblemText'

type Path = (string | number)[]

interface Props<V extends object> {
  title: string
  ok: string
  initial: Partial<V>
  /** What is said above the fields: what will happen. */
  what?: ReactNode
  width?: number
  danger?: boolean
  /** Sends it; the key stays the same while the values do. */
  submit: (values: V, key: string) => Promise<void>
  /** Where the API's name for a field differs from the form's. */
  rename?: (path: Path) => Path
  onClose: () => void
  children: ReactNode | ((form: FormInstance<V>) => ReactNode)
}

export function FormDialog<V extends object>(p: Props<V>) {
  const { t } = useTranslation()
  const { modal } = App.useApp()
  const text = useProblemText()
  const support = useSupportText()
  const fieldText = useFieldText()
  const [form] = Form.useForm<V>()
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<{ lines: string[]; small?: string }>()
  const sent = useRef({ body: '', key: '' })

  const close = () => {
    if (!form.isFieldsTouched()) return p.onClose()
    modal.confirm({ title: t('form.discard'), okText: t('form.discard_yes'), cancelText: t('form.discard_no'), onOk: p.onClose })
  }

  const finish = async (values: V) => {
    const body = JSON.stringify(values)
    if (sent.current.body !== body) sent.current = { body, key: newKey() }
    setBusy(true)
    setError(undefined)
    try {
      await p.submit(values, sent.current.key)
    } catch (e) {
      const problem = e instanceof Problem ? e : Problem.unreachable(e)
      const names = form.getFieldsError().map((f) => f.name as Path)
      const renamed = p.rename ? rename(problem, p.rename) : problem
      const split = splitByField(renamed, names)
      type Fields = Parameters<typeof form.setFields>[0]
      form.setFields(split.fields.map((f) => ({ name: f.name, errors: [fieldText(f.detail)] })) as Fields)
      const first = split.fields[0]
      if (first) form.scrollToField(first.name as Parameters<typeof form.scrollToField>[0], { focus: true })
      const lines = problem.fields.length > 0 ? split.rest.map(fieldText) : [text(problem)]
      setError(lines.length > 0 ? { lines, small: support(problem) } : undefined)
    } finally {
      setBusy(false)
    }
  }

  return (
    <Modal open title={p.title} okText={p.ok} cancelText={t('form.cancel')} onCancel={close} onOk={() => form.submit()} width={p.width ?? 480}
      confirmLoading={busy} okButtonProps={{ danger: p.danger }} mask={{ closable: false }}>
      {p.what && <div className="dialog-what">{p.what}</div>}
      {error && (
        <Alert type="error" showIcon role="alert" className="form-alert" title={error.lines.join(' ')}
          description={error.small && <span className="small quiet">{error.small}</span>} />
      )}
      <Form<V> form={form} layout="vertical" initialValues={p.initial} onFinish={(v) => void finish(v)} scrollToFirstError={{ focus: true }}
        onKeyDown={(e) => { if (e.key === 'Enter' && e.target instanceof HTMLInputElement && e.target.type === 'text' && !e.target.role) form.submit() }}>
        {typeof p.children === 'function' ? p.children(form) : p.children}
      </Form>
    </Modal>
  )
}

function rename(p: Problem, to: (path: Path) => Path): Problem {
  return new Problem(p.status, {
    code: p.code, detail: p.detail, request_id: p.requestId,
    errors: p.fields.map((f) => ({ detail: f.detail, pointer: pointerOf(to(pathOf(f.pointer))) })),
  })
}

const pathOf = (pointer: string): Path => pointer.split('/').slice(1).map((x) => (/^\d+$/.test(x) ? Number(x) : x))
const pointerOf = (path: Path): string => path.map((x) => `/${x}`).join('')

/** Digits with a point, as money and prices travel. */
export function useDecimalRule() {
  const { t } = useTranslation()
  return { pattern: /^\d{1,9}(\.\d{1,6})?$/, message: t('form.number') }
}

export function useRequired() {
  const { t } = useTranslation()
  return { required: true, whitespace: true, message: t('form.required') }
}
