// A short form over the page: errors at their field in words, nothing lost by an
// error, by a new login or by somebody who saved meanwhile, and a question before
// typed things are thrown away.

import { Alert, App, Form, type FormInstance, Modal } from 'antd'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useBlocker } from 'react-router'
import { newKey } from '@ccms/shared/key'
import { Problem, splitByField } from '@ccms/shared/problem'
import { Conflict } from './Conflict'
import { type Difference, differences, firstPicks, merged, type Pick } from './conflict'
import { useFocusBack } from './focusBack'
import { useFieldText, useProblemText, useSupportText } from './ProblemText'
import { useUnsaved } from './unsaved'

type Path = (string | number)[]

interface Props<V extends object> {
  title: string
  ok: string
  initial: Partial<V>
  /** What is said above the fields: what will happen. */
  what?: ReactNode
  width?: number
  danger?: boolean
  /** To be looked at only, by those who may not change it. */
  readOnly?: boolean
  /** Sends it; the key stays the same while the values do. */
  submit: (values: V, key: string) => Promise<void>
  /** Where the API's name for a field differs from the form's. */
  rename?: (path: Path) => Path
  /** For what has a version: the stored values when somebody else was faster. From then on submit sends with their version. */
  conflict?: { newest: () => Promise<Partial<V>>; label: (name: string) => string; show?: (name: string, value: unknown) => ReactNode }
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
  const [touched, setTouched] = useState(false)
  useUnsaved(touched)
  useFocusBack()
  const [error, setError] = useState<{ lines: string[]; small?: string }>()
  const sent = useRef({ body: '', key: '' })
  const before = useRef<Partial<V>>(p.initial)
  const [clash, setClash] = useState<{ mine: V; list: Difference[]; picks: Record<string, Pick> }>()

  // Leaving by Back; closing and loading again are useUnsaved's.
  const blocker = useBlocker(({ historyAction }) => historyAction === 'POP' && form.isFieldsTouched())
  useEffect(() => {
    if (blocker.state !== 'blocked') return
    modal.confirm({ title: t('form.discard'), okText: t('form.discard_yes'), cancelText: t('form.discard_no'), onOk: blocker.proceed, onCancel: blocker.reset })
  }, [blocker, modal, t])

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
      if (problem.code === 'stale_version' && p.conflict && await compare(values, p.conflict.newest)) return
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

  /** Shows both versions; false where the newest cannot be had. */
  const compare = async (mine: V, newest: () => Promise<Partial<V>>): Promise<boolean> => {
    try {
      const theirs = await newest()
      const list = differences(before.current as Record<string, unknown>, mine as Record<string, unknown>, theirs as Record<string, unknown>)
      before.current = theirs
      setClash({ mine, list, picks: firstPicks(list) })
      return true
    } catch {
      return false
    }
  }
  const settle = () => {
    if (!clash) return
    const values = merged(clash.mine as Record<string, unknown>, clash.list, clash.picks) as V
    form.setFieldsValue(values as Parameters<typeof form.setFieldsValue>[0])
    setClash(undefined)
    void finish(values)
  }

  return (
    <Modal open title={p.title} okText={p.ok} cancelText={p.readOnly ? t('form.close') : clash ? t('form.conflict_back') : t('form.cancel')} width={p.width ?? 480}
      onCancel={clash ? () => setClash(undefined) : close} onOk={clash ? settle : () => form.submit()}
      confirmLoading={busy} okButtonProps={{ danger: p.danger, hidden: p.readOnly }} mask={{ closable: false }}>
      {p.what && <div className="dialog-what">{p.what}</div>}
      {error && (
        <Alert type="error" showIcon role="alert" className="form-alert" title={error.lines.join(' ')}
          description={error.small && <span className="small quiet">{error.small}</span>} />
      )}
      {clash && (
        <Conflict differences={clash.list} picks={clash.picks} label={p.conflict!.label} show={p.conflict!.show}
          pick={(name, pick) => setClash({ ...clash, picks: { ...clash.picks, [name]: pick } })} />
      )}
      <Form<V> form={form} layout="vertical" hidden={clash !== undefined} disabled={p.readOnly} initialValues={p.initial} onFinish={(v) => void finish(v)} onValuesChange={() => setTouched(true)} scrollToFirstError={{ focus: true }}
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

/** Something must be there: more than blanks in a text, or a number, or at least one of a list. */
export function useRequired() {
  const { t } = useTranslation()
  const message = t('form.required')
  return { required: true, validator: (_: unknown, v: unknown) => (missing(v) ? Promise.reject(new Error(message)) : Promise.resolve()) }
}

const missing = (v: unknown): boolean =>
  v === undefined || v === null || (typeof v === 'string' && v.trim() === '') || (Array.isArray(v) && v.length === 0)
