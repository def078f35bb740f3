import { Button } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ChargePoint, Command } from '@ccms/shared/api'
import { kw, none } from '@ccms/shared/format'
import { useMay } from '../../login/me'
import { Blank } from '../../parts/PageStates'
import { ConnectorTag } from '../../parts/Status'
import { ageText, When } from '../../parts/Times'
import { word } from '../../parts/words'
import { type Ask, mayWait, needs } from '../commands/asks'
import { CommandDialog } from '../commands/dialogs'
import { ResultDialog } from '../commands/ResultDialog'

/** What each plug can be asked for. */
const actions = ['remote_start', 'unlock', 'out_of_service', 'in_service'] as const satisfies readonly Ask[]

/** What would be refused anyway is not offered. */
function makesSense(a: (typeof actions)[number], status: string): boolean {
  switch (a) {
    case 'remote_start': return ['Available', 'Preparing', 'Reserved', 'Unknown'].includes(status)
    case 'in_service': return status === 'Unavailable'
    case 'out_of_service': return status !== 'Unavailable'
    case 'unlock': return true
  }
}

export function Connectors({ point: p, now }: { point: ChargePoint; now: number }) {
  const { t } = useTranslation()
  const may = useMay()
  const zone = p.time_zone
  const [ask, setAsk] = useState<{ ask: Ask; connector: number }>()
  const [sent, setSent] = useState<Command>()
  if (p.connectors.length === 0) return <Blank title={t('point.no_connectors')} />
  const offered = (status: string) => (may('live.command') ? actions.filter((a) => may(needs(a)) && makesSense(a, status)) : [])
  return (
    <>
      <ul className="connectors">
        {p.connectors.map((c) => (
          <li key={c.id} className="connector">
            <div className="connector-head">
              <b className="num">{t('record.connector_no', { number: c.number })}</b>
              {p.online ? <ConnectorTag value={c.status} /> : <ConnectorTag value="OFFLINE" title={word(t, 'connector_status', c.status)} />}
              {c.status_at && <span className="quiet small" title={ageText(t, c.status_at, now)}>{t('col.since')} <When at={c.status_at} zone={zone} /></span>}
            </div>
            <div className="quiet">
              {[c.type ?? none, c.max_power_w > 0 ? `${kw(c.max_power_w)} kW` : ''].filter(Boolean).join(' · ')}
              {(c.error_code || c.vendor_error_code || c.info) && (
                <span className="tone-text-bad"> · {[c.error_code, c.vendor_error_code, c.info].filter(Boolean).join(' · ')}</span>
              )}
            </div>
            <div className="connector-actions">
              {offered(c.status).map((a) => (
                <Button key={a} size="small" danger={a === 'out_of_service'} disabled={!p.online && !mayWait(a)} onClick={() => setAsk({ ask: a, connector: c.number })}
                  aria-label={t('point.do_at', { what: t(`points.${a}`), number: c.number })}>
                  {t(`points.${a}`)}
                </Button>
              ))}
            </div>
          </li>
        ))}
      </ul>
      {ask && (
        <CommandDialog ask={ask.ask} connector={ask.connector} point={p} onSent={(c) => { setAsk(undefined); setSent(c) }} onClose={() => setAsk(undefined)} />
      )}
      {sent && <ResultDialog first={sent} point={p} onClose={() => setSent(undefined)} />}
    </>
  )
}
