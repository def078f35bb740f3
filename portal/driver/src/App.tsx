// Charging without an account: the code leads to the price, the price to the payment, the
// payment to the charge and its receipt. Whoever opens the page again is where they were.

import { useState } from 'react'
import { begin, type Charge, chargeOf, type Method, Refusal, surely } from './api'
import { ChargeScreen } from './Charge'
import { CodeScreen } from './Code'
import { end, keep, kept, newSecret } from './kept'
import { Piles } from './Pile'
import { Receipt, ReceiptByLink } from './Receipt'
import { why } from './say'
import { useFollowed } from './use'
import { choose, speak, t } from './words'

function codeOfAddress(): string {
  const written = location.pathname.replace(/^\/c\/?/, '')
  try {
    return decodeURIComponent(written)
  } catch {
    return written // no code is like that, and the page says so
  }
}

export function App() {
  const [language, setLanguage] = useState(speak)
  const [code, setCode] = useState(codeOfAddress)
  const other = language === 'de' ? 'en' : 'de'
  const goTo = (next: string) => {
    history.pushState(null, '', `/c/${encodeURIComponent(next)}`)
    setCode(next)
  }
  return (
    <>
      <header>
        <strong>{t('title')}</strong>
        <button type="button" className="quiet" lang={other} onClick={() => { choose(other); setLanguage(other) }}>{t('other_language')}</button>
      </header>
      <main key={language}>
        {code === 'receipt' ? <ReceiptByLink onNew={() => goTo('')} /> : <Guest code={code} onCode={goTo} />}
      </main>
    </>
  )
}

const pauses: Partial<Record<Charge['state'], number>> = { done: 0, charging: 3000, paused: 5000, offline: 5000, idle: 5000, checking: 60_000 }

function Guest({ code, onCode }: { code: string; onCode: (code: string) => void }) {
  const [secret, setSecret] = useState(() => kept()?.secret)
  const charge = useFollowed(secret ? () => chargeOf(secret) : undefined, secret ?? '', (c) => pauses[c.state] ?? 2000)
  const [busy, setBusy] = useState(false)
  const [offline, setOffline] = useState(false)
  const [failure, setFailure] = useState('')

  /** Sends what must not be lost and must not happen twice. */
  const doing = async (work: () => Promise<void>) => {
    if (busy) return
    setBusy(true)
    setFailure('')
    try {
      await work()
    } catch (e) {
      if (!(e instanceof Refusal)) throw e
      setFailure(why(e.code))
    } finally {
      setBusy(false)
      setOffline(false)
    }
  }

  const pay = (at: string, connector: number, method: Method) => doing(async () => {
    const mine = kept()?.secret ?? newSecret()
    keep({ secret: mine, code: at, at: Date.now() })
    const body = { code: at, connector, method, return_url: `${location.origin}/c/${encodeURIComponent(code || at)}` }
    let c: Charge
    try {
      c = await surely(() => begin(mine, body), () => setOffline(true))
    } catch (e) {
      if (!(e instanceof Refusal) || e.code !== 'charge_over') throw e
      const fresh = newSecret() // the one before was over, and nobody had looked
      keep({ secret: fresh, code: at, at: Date.now() })
      c = await surely(() => begin(fresh, body), () => setOffline(true))
    }
    setSecret(kept()!.secret)
    charge.take(c)
    if (c.state === 'paying' && c.action_url) location.assign(c.action_url)
  })

  const forget = (place?: string) => {
    end(place)
    setSecret(undefined)
  }

  const c = charge.value
  const none = !secret || charge.refused?.status === 404
  const notice = (charge.lost || offline) && <p className="notice" role="status">{t('net.lost')}</p>
  if (!none && !c) return notice || <p className="large" role="status">{t('pay.wait')}</p>
  if (!none && c) {
    return (
      <>
        {notice}
        {failure && <p className="bad" role="alert">{failure}</p>}
        {c.state === 'done'
          ? <Receipt charge={c} secret={secret!} onNew={() => { forget(c.hold_state === 'FAILED' ? undefined : c.site); onCode(code) }} />
          : <ChargeScreen charge={c} secret={secret!} lost={charge.lost} busy={busy} doing={doing} onCharge={charge.take} onLost={() => setOffline(true)}
              onRetry={(at, connector) => void pay(at, connector, c.method)} elsewhere={code} onCode={onCode} />}
      </>
    )
  }
  return (
    <>
      {notice}
      {failure && <p className="bad" role="alert">{failure}</p>}
      {code === '' ? <CodeScreen onCode={onCode} /> : <Piles code={code} busy={busy} onPay={(at, n, m) => void pay(at, n, m)} onOther={() => onCode('')} />}
    </>
  )
}
