import { useEffect, useState } from 'react'
import { kw, kwh, money, soc } from '@ccms/shared/format'
import { type Charge, stop, surely } from './api'
import { Piles } from './Pile'
import { age, lasted, stateWord, whyOf } from './say'
import { useSecond } from './use'
import { t } from './words'

/** A charge that is not over: from the payment to the bill. */
export function ChargeScreen({ charge: c, secret, lost, busy, doing, onCharge, onLost, onRetry, elsewhere, onCode }: {
  charge: Charge; secret: string; lost: boolean; busy: boolean; doing: (work: () => Promise<void>) => Promise<void>
  onCharge: (c: Charge) => void; onLost: () => void; onRetry: (code: string, connector: number) => void
  elsewhere: string; onCode: (code: string) => void
}) {
  const tick = useSecond()
  const now = tick + c.off
  const end = () => void doing(async () => { onCharge(await surely(() => stop(secret), onLost)) })
  const runs = ['charging', 'paused', 'offline', 'stopping'].includes(c.state)
  const left = c.retry_until ? Math.max(0, Math.ceil((Date.parse(c.retry_until) - now) / 1000)) : 0
  const another = c.state === 'ready' && elsewhere !== '' && !elsewhere.startsWith(c.code) ? elsewhere : ''
  return (
    <>
      <p className="where">{t('pile.at', { operator: c.operator, site: c.site })}</p>
      <p className="where">{t('charge.where', { point: c.charge_point, n: c.connector })}</p>
      <h1 aria-live="polite">{stateWord(c)}</h1>
      {lost && <p className="notice">{t('net.age', { age: age(c.now, now) })}</p>}
      {c.state === 'paying' && (
        <>
          {c.failure && <p className="bad" role="alert">{whyOf(c)}</p>}
          <p>{t('charge.paying.what')}</p>
          {c.action_url && <a className="main" href={c.action_url}>{t('charge.paying.go')}</a>}
          <button type="button" className="quiet" disabled={busy} onClick={end}>{t('charge.cancel')}</button>
        </>
      )}
      {c.state === 'starting' && (
        <>
          <p className="large">{t(c.plugged ? 'charge.starting.plugged.what' : 'charge.starting.what')}</p>
          <button type="button" className="quiet" disabled={busy} onClick={end}>{t('charge.cancel')}</button>
        </>
      )}
      {c.state === 'ready' && (
        <>
          <p className="bad" role="alert">{whyOf(c)}</p>
          <p>{t('charge.ready.until', { n: left })}</p>
          {another
            ? <Piles code={another} busy={busy} retry onPay={(code, n) => onRetry(code, n)} onOther={() => onCode('')} />
            : <button type="button" className="main" disabled={busy} onClick={() => onRetry(c.code, c.connector)}>{t(busy ? 'pay.wait' : 'charge.again')}</button>}
          <button type="button" className="quiet" disabled={busy} onClick={end}>{t('charge.back')}</button>
        </>
      )}
      {(runs || c.state === 'idle') && (
        <>
          <p className="number">{kwh(c.energy_wh)} <small>kWh</small></p>
          <p className="cost">{money(c.cost)} <small>{t('charge.so_far')}</small></p>
          <dl className="facts">
            <div><dt>{t('charge.time')}</dt><dd>{lasted((c.ended_at ? Date.parse(c.ended_at) : now) - Date.parse(c.started_at ?? c.now))}</dd></div>
            {c.power_w !== undefined && <div><dt>{t('charge.power')}</dt><dd>{kw(c.power_w)} kW</dd></div>}
            {c.soc_permille !== undefined && <div><dt>{t('charge.battery')}</dt><dd>{soc(c.soc_permille)} %</dd></div>}
          </dl>
          {c.hold_low && <p className="notice" role="status">{t('charge.low', { amount: money(c.hold) })}</p>}
          {c.hold_spent && <p className="notice">{t('charge.spent')}</p>}
        </>
      )}
      {c.state === 'idle' && <p>{t('charge.idle.what')}</p>}
      {c.state === 'checking' && <p>{t('charge.checking.what')}</p>}
      {runs && c.state !== 'stopping' && <Stop busy={busy} onStop={end} />}
      {c.phone && <p className="quietly">{t('pile.help', { phone: c.phone })}</p>}
    </>
  )
}

/** One button that asks once more: it is touched by accident in a pocket. */
function Stop({ busy, onStop }: { busy: boolean; onStop: () => void }) {
  const [sure, setSure] = useState(false)
  useEffect(() => {
    if (!sure) return
    const timer = setTimeout(() => setSure(false), 6000)
    return () => clearTimeout(timer)
  }, [sure])
  return (
    <button type="button" className={sure ? 'main danger' : 'main'} disabled={busy} onClick={() => { if (sure) onStop(); setSure(!sure) }}>
      {t(busy ? 'pay.wait' : sure ? 'charge.stop.sure' : 'charge.stop')}
    </button>
  )
}
