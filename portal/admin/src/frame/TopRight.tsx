import { DownOutlined, GlobalOutlined, LogoutOutlined, ShopOutlined, UserOutlined } from '@ant-design/icons'
import { App, Button, Dropdown, type MenuProps } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { api, take } from '@ccms/shared/client'
import { choose, type Language, languages } from '@ccms/shared/i18n/index'
import { operatorOf, signOut, useMay, useSignedIn, useTakeMe } from '../login/me'
import { useProblemText } from '../parts/ProblemText'
import { roleWord } from '../parts/words'
import { forgetSeen } from '../search/recent'
import { type Mode, useTheme } from './Theme'

export function LanguageMenu() {
  const { t, i18n } = useTranslation()
  const { message } = App.useApp()
  const text = useProblemText()
  const name = t(`language.${i18n.language as Language | 'pseudo'}`)
  const menu: MenuProps = {
    selectable: true,
    selectedKeys: [i18n.language],
    items: languages.map((l) => ({ key: l, label: <span lang={l}>{t(`language.${l}`)}</span> })),
    onClick: ({ key }) => void choose(key).catch((e: unknown) => message.error(text(e))),
  }
  return (
    <Dropdown menu={menu} trigger={['click']}>
      <Button type="text" icon={<GlobalOutlined aria-hidden />} aria-label={t('language.choose', { language: name })}>{name}</Button>
    </Dropdown>
  )
}

/** For platform staff a switch, for everybody else the name of where they are. */
export function OperatorMenu() {
  const { t } = useTranslation()
  const me = useSignedIn()
  const may = useMay()
  const navigate = useNavigate()
  const takeMe = useTakeMe()
  const { message } = App.useApp()
  const text = useProblemText()
  const operator = operatorOf(me)
  if (!may('operators.switch') && !me.acting_in) {
    return operator ? <span className="operator-name"><ShopOutlined aria-hidden /> {me.sub_operator?.name ?? operator.name}</span> : null
  }
  const leave = async () => {
    try {
      takeMe(await take(api.DELETE('/api/v1/me/operator')))
      void navigate('/system/operators')
    } catch (e) {
      void message.error(text(e))
    }
  }
  const items: MenuProps['items'] = [{ key: 'choose', label: t('operator.choose'), onClick: () => void navigate('/system/operators') }]
  if (me.acting_in) items.push({ key: 'leave', label: t('operator.leave', { name: me.acting_in.operator.name }), onClick: () => void leave() })
  return (
    <Dropdown menu={{ items }} trigger={['click']}>
      <Button type="text" icon={<ShopOutlined aria-hidden />} title={me.acting_in ? t('operator.inside', { name: me.acting_in.operator.name }) : undefined}
        className={me.acting_in ? 'acting' : undefined}>
        {operator?.name ?? t('operator.none')} <DownOutlined className="caret" aria-hidden />
      </Button>
    </Dropdown>
  )
}

export function AccountMenu() {
  const { t } = useTranslation()
  const me = useSignedIn()
  const { mode, setMode } = useTheme()
  const menu: MenuProps = {
    selectable: true,
    selectedKeys: [mode],
    items: [
      { key: 'who', type: 'group', label: `${me.staff.name} · ${roleWord(t, me.staff.role)}`, children: [] },
      { type: 'divider' },
      { key: 'theme', type: 'group', label: t('account.theme'), children: [
        { key: 'auto', label: t('account.theme_auto') },
        { key: 'light', label: t('account.theme_light') },
        { key: 'dark', label: t('account.theme_dark') },
      ] },
    ],
    onClick: ({ key }) => setMode(key as Mode),
  }
  return (
    <Dropdown menu={menu} trigger={['click']}>
      <Button type="text" icon={<UserOutlined aria-hidden />} aria-label={t('account.menu', { name: me.staff.login })}>{me.staff.login}</Button>
    </Dropdown>
  )
}

export function SignOutButton() {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const text = useProblemText()
  const [busy, setBusy] = useState(false)
  const go = async () => {
    setBusy(true)
    try {
      await signOut()
      forgetSeen()
      // A new page: nothing of this login stays in memory.
      location.assign('/login')
    } catch (e) {
      setBusy(false)
      void message.error(text(e))
    }
  }
  return <Button type="text" icon={<LogoutOutlined aria-hidden />} loading={busy} onClick={() => void go()}>{t('account.sign_out')}</Button>
}
