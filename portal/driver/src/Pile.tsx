import { useState } from 'react'
import { grouped, kw, money } from '@ccms/shared/format'
import { type Method, type Pile, type PileConnector, pileOf } from './api'
import { age, days, why } from './say'
import { useFollowed } from './use'
import { t, wordOf } from './words'

type Pay = (code: string, connector: number, method: Method) => void

/** What a code stands for: the connectors, the price, and how one pays. */
export function Piles({ code, busy, retry, onPay, onOther }: {
  code: string; busy: boolean; retry?: boolean; onPay: Pay; onOther: () => void
}) {
  const pile = useFollowed(() => pileOf(code), code, () => 10_000)
  const [chosen, setChosen] = useState<number>()
  const p = pile.value
  if (pile.refused) {
    return (
      <>
        <p className="bad" role="alert">{pile.refused.status === 404 ? t('code.unknown') : why(pile.refused.code)}</p>
        <button type="button" className="main" onClick={onOther}>{t('code.other')}</button>
      </>
    )
  }
  if (!p) return <p className="large" role="status">{t(pile.lost ? 'net.lost' : 'pay.wait')}</p>
  const c = p.connectors.find((x) => x.number === (p.connector ?? chosen))
  return (
    <>
      {pile.lost && <p className="notice" role="status">{t('net.lost')}</p>}
      <p className="where">{t('pile.at', { operator: p.operator, site: p.site })}</p>
      <h1>{p.charge_point}</h1>
      {!c && (
        <section>
          <h2>{t('pile.choose')}</h2>
          {p.connectors.map((x) => (
            <button key={x.number} type="button" className="choice" onClick={() => setChosen(x.number)}>
              <strong>{t('pile.connector', { n: x.number })}</strong> {x.type} <Usable pile={p} connector={x} />
            </button>
          ))}
        </section>
      )}
      {c && <ConnectorPrice pile={p} connector={c} busy={busy} retry={retry} onPay={(m) => onPay(p.code, c.number, m)} />}
      {p.phone && <p className="quietly">{t('pile.help', { phone: p.phone })}</p>}
      <button type="button" className="quiet" onClick={onOther}>{t('code.other')}</button>
    </>
  )
}

function Usable({ pile: p, connector: c }: { pile: Pile; connector: PileConnector }) {
  return (
    <span className={c.usable ? 'state free' : 'state off'}>
      {t(!c.usable ? 'pile.unusable' : c.status === 'Available' ? 'pile.free' : 'pile.usable')}
      {c.status_at && <small> {t('pile.told', { age: age(c.status_at, p.now) })}</small>}
    </span>
  )
}

function ConnectorPrice({ pile: p, connector: c, busy, retry, onPay }: {
  pile: Pile; connector: PileConnector; busy: boolean; retry?: boolean; onPay: (m: Method) => void
}) {
  const now = c.prices.filter((x) => x.now)
  const later = c.prices.filter((x) => !x.now)
  return (
    <>
      <p className="line"><strong>{t('pile.connector', { n: c.number })}</strong> {[c.type, c.max_power_w > 0 && t('pile.kw', { kw: kw(c.max_power_w, 0) })].filter(Boolean).join(', ')} <Usable pile={p} connector={c} /></p>
      {!c.usable && <p className="bad" role="status">{why(c.reason_code ?? '')}</p>}
      {c.prices.length > 0 && (
        <section aria-label={t('price.title')} className="card">
          <h2>{t('price.title')}</h2>
          <dl className="prices">
            {now.map((x) => <PriceLine key={keyOf(x)} price={x} currency={c.currency ?? ''} />)}
          </dl>
          {later.length > 0 && (
            <details>
              <summary>{t('price.later')}</summary>
              <dl className="prices">{later.map((x) => <PriceLine key={keyOf(x)} price={x} currency={c.currency ?? ''} timed />)}</dl>
            </details>
          )}
          {(c.idle_grace_s ?? 0) > 0 && <p className="quietly">{t('price.grace', { n: Math.floor(c.idle_grace_s! / 60) })}</p>}
          {c.idle_cap && <p className="quietly">{t('price.cap', { amount: money(c.idle_cap) })}</p>}
          {c.min && <p className="quietly">{t('price.least', { amount: money(c.min) })}</p>}
          {c.max && <p className="quietly">{t('price.most', { amount: money(c.max) })}</p>}
          <p className="quietly">{t('price.tax', { zone: p.time_zone })}</p>
        </section>
      )}
      {c.usable && retry && (
        <>
          <p>{t('retry.card')}</p>
          <button type="button" className="main" disabled={busy} onClick={() => onPay('card')}>{t(busy ? 'pay.wait' : 'retry.begin')}</button>
        </>
      )}
      {c.usable && !retry && c.hold && (
        <>
          <p>{t('hold.what', { amount: money(c.hold) })}</p>
          {p.methods.length === 0 && <p className="bad">{t('pay.none')}</p>}
          {p.methods.map((m) => (
            <button key={m} type="button" className="main" disabled={busy} onClick={() => onPay(m)}>{busy ? t('pay.wait') : t(m === 'paypal' ? 'pay.paypal' : 'pay.card')}</button>
          ))}
        </>
      )}
    </>
  )
}

type Price = PileConnector['prices'][number]

const keyOf = (x: Price) => [x.kind, x.per, x.price, x.name, x.from, x.to, x.days, x.special].join(' ')

function PriceLine({ price: x, currency, timed }: { price: Price; currency: string; timed?: boolean }) {
  const amount = grouped(shown(x.price))
  const at = [timed && (x.from !== '00:00' || x.to !== '24:00') && `${x.from}–${x.to}`, timed && x.days && days(x.days), x.special].filter(Boolean).join(' ')
  return (
    <div>
      <dt>{wordOf('price', x.kind, 'price.title')}{x.name ? ` (${x.name})` : ''}{at && <small> {at}</small>}</dt>
      <dd>{x.per === 'charge' ? t('price.once', { price: amount, currency }) : t('price.per', { price: amount, currency, per: wordOf('price', x.per, 'price.kWh') })}</dd>
    </div>
  )
}

/** "0.4" → "0.40": at least two places. */
function shown(price: string): string {
  const [whole, rest = ''] = price.split('.')
  return `${whole}.${rest.padEnd(2, '0')}`
}
