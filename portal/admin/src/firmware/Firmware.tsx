// Firmware: the images that charge points can be given, and the campaigns that give them to many.

import { useTranslation } from 'react-i18next'
import { useSearchParams } from 'react-router'
import { Tabs } from '../parts/Tabs'
import { Campaigns } from './Campaigns'
import { Images } from './Images'

export default function Firmware() {
  const { t } = useTranslation()
  const [search, setSearch] = useSearchParams()
  const tabs = [
    { key: 'images', label: t('firmware.images'), content: <Images /> },
    { key: 'campaigns', label: t('firmware.campaigns'), content: <Campaigns /> },
  ]
  const active = search.get('tab') === 'campaigns' ? 'campaigns' : 'images'
  return <Tabs items={tabs} active={active} onChange={(tab) => setSearch({ tab }, { replace: true })} label={t('nav.firmware')} />
}
