import { useTranslation } from 'react-i18next'
import type { HomeCurrency, HomeFinance, Money } from '@ccms/shared/api'
import { api, take } from '@ccms/shared/client'
import { amount, isZero, zoneName } from '@ccms/shared/format'
import { short } from './Analytics'
import { Chart } from './Chart'
import { postings, type Side } from './links'
import { Card, Change, Figure, Loaded, useBlock } from './parts'
import { about, type HomeState } from './state'

export function Finance({ state: s }: { state: HomeState }) {
  const { t } = useTranslation()
  const query = useBlock('finance', s, (signal) => take(api.GET('/api/v1/home/finance', { signal, params: { query: {
    period: s.period, date: s.date, site_id: s.site, sub_operator_id: s.sub, current: s.current,
  } } })))
  return (
    <Card title={t('home.finance')} wide note={query.data && `${query.data.label} · ${zoneName(query.data.time_zone)}`}>
      <Loaded query={query}>
        {(f) => <>{f.currencies.map((c) => <Currency key={c.currency} finance={f} row={c} state={s} />)}</>}
      </Loaded>
    </Card>
  )
}

const fees = ['electricity', 'service', 'reservation', 'idle', 'other', 'discounts', 'tax'] as const

function Currency({ finance: f, row: c, state: s }: { finance: HomeFinance; row: HomeCurrency; state: HomeState }) {
  const { t } = useTranslation()
  const x = c.total
  const wallets = !s.site && !s.current
  const open = (side: Side, m: Money) => (isZero(m) ? undefined : postings(s, side, c.currency))
  return (
    <div className="home-currency">
      {f.currencies.length > 1 && <h3>{c.currency}</h3>}
      <dl className="figures">
        <Figure name={t('home.gross')} value={amount(x.gross)} unit={c.currency} to={open('charged', x.gross)} small={t('home.gross_what')}
          change={c.compared && <Change now={about(c.compared.now.gross.amount)} before={about(c.compared.before.gross.amount)} />} />
        {fees.map((k) => <Figure key={k} name={t(`home.fee_${k}`)} value={amount(x[k])} unit={c.currency} to={open('charged', x[k])} />)}
        <Figure name={t('home.refunds')} value={amount(x.refunds)} unit={c.currency} to={open('refunded', x.refunds)} />
        {wallets && (
          <Figure name={t('home.recharge')} value={amount(x.recharge)} unit={c.currency} to={open('recharged', x.recharge)}
            small={isZero(x.recharge_given) ? undefined : t('home.recharge_given', { amount: amount(x.recharge_given), currency: c.currency })} />
        )}
        {wallets && !isZero(x.recharge_reversed) && (
          <Figure name={t('home.recharge_reversed')} value={amount(x.recharge_reversed)} unit={c.currency} to={open('reversed', x.recharge_reversed)} />
        )}
        {c.outstanding && <Figure name={t('home.outstanding')} value={amount(c.outstanding)} unit={c.currency} tone={isZero(c.outstanding) ? undefined : 'wait'} small={t('home.outstanding_what')} />}
      </dl>
      <Chart label={t('home.gross_chart', { label: f.label, total: amount(x.gross), currency: c.currency })} file={`finance-${f.label}-${c.currency}`} tone={1}
        head={[t('home.when'), `${t('home.gross')} ${c.currency}`, ...fees.map((k) => t(`home.fee_${k}`)), t('home.refunds'), t('home.recharge')]}
        plot={{ kind: 'bar', unit: c.currency, labels: c.parts.map((p) => short(p.label)), values: c.parts.map((p) => about(p.gross.amount)),
          exact: c.parts.map((p) => `${amount(p.gross)} ${c.currency}`) }}
        rows={c.parts.map((p) => [p.label, p.gross.amount, ...fees.map((k) => p[k].amount), p.refunds.amount, p.recharge.amount])} />
      {c.sub_operators && (
        <div className="scroll-x">
          <table className="table" aria-label={t('home.by_sub')}>
            <thead>
              <tr>
                <th scope="col">{t('home.sub_operator')}</th>
                <th scope="col" className="cell-num">{t('home.gross')} <span className="th-note">({c.currency})</span></th>
                <th scope="col" className="cell-num">{t('home.fee_tax')} <span className="th-note">({c.currency})</span></th>
                <th scope="col" className="cell-num">{t('home.refunds')} <span className="th-note">({c.currency})</span></th>
              </tr>
            </thead>
            <tbody>
              {c.sub_operators.map((o) => (
                <tr key={o.sub_operator_id ?? 'own'}>
                  <td><bdi>{o.name ?? t('home.own')}</bdi></td>
                  <td className="cell-num">{amount(o.gross)}</td><td className="cell-num">{amount(o.tax)}</td><td className="cell-num">{amount(o.refunds)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </div>
  )
}
