import { Alert, Button, Form, Input } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Me } from '@ccms/shared/api'
import { Problem } from '@ccms/shared/problem'
import { useProblemText } from '../parts/ProblemText'
import { signIn } from './me'

interface Values { login: string; password: string }

export function LoginForm({ login, onDone }: { login?: string; onDone: (me: Me) => void }) {
  const { t } = useTranslation()
  const text = useProblemText()
  const [form] = Form.useForm<Values>()
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<string>()

  const submit = async (v: Values) => {
    setBusy(true)
    setError(undefined)
    try {
      onDone(await signIn(v.login.trim(), v.password))
    } catch (e) {
      const p = e instanceof Problem ? e : Problem.unreachable(e)
      if (p.status === 429) setError(t('login.throttled', { count: p.retryAfterSeconds ?? 60 }))
      else if (p.status === 401) setError(t('login.wrong'))
      else setError(text(p))
      form.setFieldValue('password', '')
      form.getFieldInstance('password')?.focus()
    } finally {
      setBusy(false)
    }
  }

  return (
    <Form form={form} layout="vertical" requiredMark={false} onFinish={submit} initialValues={{ login, password: '' }}
      validateTrigger="onSubmit">
      {error && <Alert className="form-alert" type="error" showIcon title={error} role="alert" />}
      <Form.Item name="login" label={t('login.login')} rules={[{ required: true, message: t('login.need_login') }]}>
        <Input autoComplete="username" autoCapitalize="none" spellCheck={false} size="large" autoFocus={!login} disabled={Boolean(login)} />
      </Form.Item>
      <Form.Item name="password" label={t('login.password')} rules={[{ required: true, message: t('login.need_password') }]}>
        <Input.Password autoComplete="current-password" size="large" autoFocus={Boolean(login)} />
      </Form.Item>
      <Button type="primary" htmlType="submit" size="large" block loading={busy}>{t('login.submit')}</Button>
    </Form>
  )
}
