// Billing plans: the plans, which of them counts where and for whom, and what a charge
// would cost and why.

import { useTranslation } from 'react-i18next'
import { useSearchParams } from 'react-router'
import { useMay } from '../login/me'
import { Tabs } from '../parts/Tabs'
import { Assignments } from './Assignments'
import { Comparison } from './Comparison'
import { PlanList } from './PlanList'
import { PriceMatrix } from './PriceMatrix'
import { PriceTest } from './PriceTest'

export default function Plans() {
  const { t } = useTranslation()
  const may = useMay()
  const [search, setSearch] = useSearchParams()
  const tabs = [
    { key: 'plans', label: t('price.tab_plans'), content: <PlanList /> },
    { key: 'where', label: t('price.tab_where'), content: <PriceMatrix /> },
    { key: 'assigned', label: t('price.tab_assigned'), content: <Assignments /> },
    { key: 'test', label: t('price.tab_test'), content: <PriceTest /> },
    ...(may('finance.read') ? [{ key: 'compare', label: t('price.tab_compare'), content: <Comparison /> }] : []),
  ]
  const asked = search.get('tab')
  const active = tabs.some((x) => x.key === asked) ? asked! : 'plans'
  return <Tabs items={tabs} active={active} onChange={(tab) => setSearch({ tab }, { replace: true })} label={t('nav.plans')} />
}
