// The bill, line by line; each line opens to the stretches of time it is made of,
// each with its reason.

import { RightOutlined } from '@ant-design/icons'
import { Fragment, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Bill, BillLine, SessionDetail } from '@ccms/shared/api'
import { amount, grouped, money, percent, spoken } from '@ccms/shared/format'
import { Blank } from '../parts/PageStates'
import { When } from '../parts/Times'
import { word } from '../parts/words'
import { explained } from './explained'

export function Price({ session: s }: { session: SessionDetail }) {
  const { t } = useTranslation()
  if (!s.bill && s.record_state === 'VOID') return <Blank title={t('record.no_bill_void')} />
  if (!s.bill) return <Blank title={t('record.no_bill')} next={s.cost ? t(s.record_state === 'ABNORMAL' ? 'record.no_bill_waits' : s.ended_at ? 'record.no_bill_ended' : 'record.no_bill_next', { cost: money(s.cost) }) : undefined} />
  return <BillTable bill={s.bill} zone={s.time_zone ?? 'UTC'} />
}

export function BillTable({ bill: b, zone }: { bill: Bill; zone: string }) {
  const { t } = useTranslation()
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set())
  const currency = b.total.currency
  const toggle = (key: string) => {
    const next = new Set(open)
    if (!next.delete(key)) next.add(key)
    setOpen(next)
  }
  const lines = b.lines.map((line, i) => ({ line, key: `${i} ${line.kind} ${line.label ?? ''}` }))
  return (
    <div className="bill">
      <div className="scroll-x">
        <table className="table bill-table" aria-label={t('record.tab_price')}>
          <thead>
            <tr>
              <th scope="col" className="cell-wide">{t('record.line')}</th>
              <th scope="col" className="cell-num">{t('record.quantity')}</th>
              <th scope="col" className="cell-num">{t('record.unit_price')}</th>
              <th scope="col" className="cell-num bill-vat">{t('record.vat')}</th>
              <th scope="col" className="cell-num">{b.tax_included ? t('record.amount') : t('record.net')} <span className="th-note">({currency})</span></th>
            </tr>
          </thead>
          <tbody>
            {lines.map(({ line, key }) => <Line key={key} line={line} open={open.has(key)} toggle={() => toggle(key)} zone={zone} />)}
          </tbody>
        </table>
      </div>
      <dl className="bill-sums num">
        <div><dt>{t('record.net_total')}</dt><dd>{amount(b.net)}</dd></div>
        {b.taxes.map((x) => (
          <div key={x.vat_permille}><dt>{t('record.vat_of', { rate: percent(x.vat_permille), net: amount(x.net) })}</dt><dd>{amount(x.tax)}</dd></div>
        ))}
        <div className="bill-total"><dt>{t('record.total')}</dt><dd>{money(b.total)}</dd></div>
      </dl>
      {b.tax_included && <p className="quiet small">{t('record.tax_included')}</p>}
      {b.flags.length > 0 && <ul className="flags">{b.flags.map((f) => <li key={f}>{word(t, 'flag', f)} <span className="quiet small">{f}</span></li>)}</ul>}
      {b.explanation.length > 0 && (
        <>
          <h3>{t('record.explanation')}</h3>
          <ol className="explanation">{b.explanation.map((x) => <li key={x}>{explained(t, x)}</li>)}</ol>
        </>
      )}
    </div>
  )
}

function Line({ line: l, open, toggle, zone }: { line: BillLine; open: boolean; toggle: () => void; zone: string }) {
  const { t } = useTranslation()
  const kind = word(t, 'line_kind', l.kind)
  const name = l.label ? t('record.line_of', { kind, label: l.label }) : kind
  return (
    <Fragment>
      <tr>
        <td className="cell-wide">
          {l.segments.length > 0
            ? (
              <button type="button" className="bill-open" aria-expanded={open} onClick={toggle} title={t(open ? 'record.hide_why_of' : 'record.why_of', { line: name })}>
                <RightOutlined aria-hidden /> {name}
              </button>
            )
            : name}
          {l.capped && <span className="quiet small"> {t('record.capped')}</span>}
        </td>
        <td className="cell-num">{grouped(l.quantity)} <span className="quiet">{l.unit}</span></td>
        <td className="cell-num">{spoken(l.unit_price)}</td>
        <td className="cell-num bill-vat">{percent(l.vat_permille)} %</td>
        <td className="cell-num">{amount(l.amount)}</td>
      </tr>
      {open && (
        <tr className="row-inner">
          <td colSpan={5}>
            <ul className="segments">
              {l.segments.map((g) => (
                <li key={`${g.from} ${g.to} ${g.why}`}>
                  <span className="segment-period"><When at={g.from} zone={zone} /> – <When at={g.to} zone={zone} /></span>
                  <span className="num segment-quantity">{grouped(g.quantity)} {l.unit}</span>
                  <span className="segment-why">{explained(t, g.why)}{g.interpolated && <span className="quiet small"> {t('record.interpolated')}</span>}</span>
                </li>
              ))}
            </ul>
          </td>
        </tr>
      )}
    </Fragment>
  )
}
