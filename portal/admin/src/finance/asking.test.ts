import { expect, test } from 'vitest'
import { bodyOf, type Values } from './asking'

const values: Values = { of: 'point', point: 'cp_1', connector: 2, site: 'site_1', who: 'group', driver: 'drv_1', level: 'Gold', group: 'grp_1', code: ' ', day: '2026-07-15', clock: '12:30', kwh: '20.5', charging: '60', idle: '', reserved: '0' }

test('only what belongs to the choice is asked, at the time of the place', () => {
  expect(JSON.parse(JSON.stringify(bodyOf(values, 'Europe/Berlin')))).toEqual({
    charge_point_id: 'cp_1', connector: 2, group_id: 'grp_1', at: '2026-07-15T10:30:00Z', energy_wh: 20500, charging_s: 3600, idle_s: 0, reserved_s: 0,
  })
  const site = bodyOf({ ...values, of: 'site', who: 'ad_hoc', code: ' summer ' }, 'UTC')
  expect([site?.site_id, site?.charge_point_id, site?.connector, site?.ad_hoc, site?.group_id, site?.promotion_code]).toEqual(['site_1', undefined, undefined, true, undefined, 'summer'])
  expect(bodyOf({ ...values, clock: '25:00' }, 'UTC')).toBeUndefined()
})
