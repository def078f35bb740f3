import { useState } from 'react'
import { kwh, money, percent } from '@ccms/shared/format'
import { type Charge, chargeOf } from './api'
import { when, whyOf } from './say'
import { useFollowed } from './use'
import { t, wordOf } from './words'

/** A receipt that somebody has the link of. */
export function ReceiptByLink({ onNew }: { onNew: () => void }) {
  const secret = location.hash.slice(1)
  const charge = useFollowed(() => chargeOf(secret), secret, (c) => (c.state === 'done' ? 0 : 5000))
  if (charge.refused) return <p className="bad" role="alert">{t('receipt.unknown')}</p>
  if (!charge.value) return <p className="large" role="status">{t(charge.lost ? 'net.lost' : 'pay.wait')}</p>
  return <Receipt charge={charge.value} secret={secret} onNew={onNew} />
}

/** What a charge came to, and how it was paid. */
export function Receipt({ charge: c, secret, onNew }: { charge: Charge; secret: string; onNew: () => void }) {
  const [copied, setCopied] = useState(false)
  const taken = Number(c.taken.amount) > 0
  const owed = Number(c.owed.amount) > 0
  const link = `${location.origin}/c/receipt#${secret}`
  const bill = c.bill
  if (!taken && !owed) {
    const failed = c.hold_state === 'FAILED' || c.hold_state === 'EXPIRED'
    return (
      <>
        <p className="where">{t('pile.at', { operator: c.operator, site: c.site })}</p>
        <h1 aria-live="polite">{t(failed ? 'done.failed' : 'done.nothing')}</h1>
        {c.failure && <p>{whyOf(c)}</p>}
        <p>{failed ? t('done.failed.what') : t('done.nothing.what', { amount: money(c.hold) })}</p>
        <button type="button" className="main" onClick={onNew}>{t('done.new')}</button>
      </>
    )
  }
  return (
    <article className="receipt">
      <h1>{t('done.title')}</h1>
      <p className="where">{c.operator}<br />{[c.site, c.address].filter(Boolean).join(', ')}<br />{t('charge.where', { point: c.charge_point, n: c.connector })}</p>
      {c.hold_spent && <p className="notice">{t('charge.spent')}</p>}
      <p className="number">{money(bill?.total ?? c.cost)}</p>
      <dl className="facts">
        <div><dt>{t('done.energy')}</dt><dd>{kwh(c.energy_wh)} kWh</dd></div>
        {c.started_at && <div><dt>{t('done.from')}</dt><dd>{when(c.started_at, c.time_zone)}</dd></div>}
        {c.ended_at && <div><dt>{t('done.to')}</dt><dd>{when(c.ended_at, c.time_zone)}</dd></div>}
      </dl>
      {bill && (
        <table>
          <tbody>
            {bill.lines.map((l) => (
              <tr key={`${l.kind} ${l.label} ${l.amount.amount}`}><th scope="row">{wordOf('price', l.kind, 'price.title')} <small>{l.label}</small></th><td>{money(l.amount)}</td></tr>
            ))}
            {bill.taxes.map((x) => (
              <tr key={x.vat_permille} className="quietly"><th scope="row">{t(bill.tax_included ? 'done.tax' : 'done.plus_tax', { percent: percent(x.vat_permille) })}</th><td>{money(x.tax)}</td></tr>
            ))}
            <tr className="total"><th scope="row">{t('done.total')}</th><td>{money(bill.total)}</td></tr>
          </tbody>
        </table>
      )}
      {taken && <p>{c.card ? t('done.paid.card', { brand: c.card.brand ?? '', last4: c.card.last4 ?? '' }) : t('done.paid.paypal')}: <strong>{money(c.taken)}</strong></p>}
      {Number(c.refunded.amount) > 0 && <p>{t('done.refunded', { amount: money(c.refunded) })}</p>}
      {owed && <p className="bad">{t('done.owed', { amount: money(c.owed) })}</p>}
      {c.session_id && <p className="quietly">{t('done.number')} {c.session_id}</p>}
      {c.phone && <p className="quietly">{t('pile.help', { phone: c.phone })}</p>}
      <div className="no-print">
        <button type="button" className="quiet" onClick={() => { void navigator.clipboard?.writeText(link).then(() => setCopied(true)) }}>{t(copied ? 'done.copied' : 'done.link')}</button>
        <button type="button" className="quiet" onClick={() => window.print()}>{t('done.print')}</button>
        <p className="quietly">{t('done.year')}</p>
        <button type="button" className="main" onClick={onNew}>{t('done.new')}</button>
      </div>
    </article>
  )
}
