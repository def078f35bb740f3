// A stand-in for the server's API, for work on the screens only: it keeps
// everything in memory, and no build or test of the product uses it.
//   node e2e/mock/server.mjs [port]
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'

const port = Number(process.argv[2] ?? 18099)
const zone = 'Europe/Paris'
const eur = (amount) => ({ amount, currency: 'EUR' })
const cents = (n) => eur(`${Math.trunc(n / 100)}.${String(Math.abs(n) % 100).padStart(2, '0')}`)
const now = () => new Date().toISOString()
const ago = (s) => new Date(Date.now() - s * 1000).toISOString()
let seq = 100
const id = (p) => `${p}_01k${(seq++).toString(36).padStart(23, '0')}`
const streams = new Set()
const tell = (type, data) => { for (const s of streams) s.write(`event: ${type}\ndata: ${JSON.stringify(data)}\n\n`) }

const everything = ['operators.read', 'staff.read', 'staff.write', 'live.read', 'live.command', 'assets.read',
  'assets.write', 'drivers.read', 'drivers.write', 'pii.view', 'plans.read', 'plans.write', 'finance.read',
  'finance.write', 'audit.read']
const a3e = { id: id('op'), name: 'A3E', currency: 'EUR' }
const people = {
  admin: { role: 'op_admin', name: 'Ana Rojas', permissions: everything, operator: a3e },
  auditor: { role: 'auditor', name: 'Luis Vega', operator: a3e,
    permissions: ['operators.read', 'staff.read', 'live.read', 'assets.read', 'drivers.read', 'plans.read', 'finance.read', 'audit.read'] },
  owner: { role: 'owner', name: 'Platform', permissions: ['operators.read', 'operators.write', 'operators.switch', 'staff.read', 'staff.write', 'audit.read'], operator: null },
}
const logins = new Map()

const site = { id: id('site'), name: 'A3E_station', address: 'C-333, Dulcinea, Copiapó, Región de Atacama, Chile', time_zone: zone, customer_care: '0000000000', status: 'VALID', version: 1 }
const sites = [site]
const points = [['Point_0', 1, 'AC', 7000], ['Point_1', 1, 'AC', 7000], ['Point_2', 2, 'DC Fast', 60000], ['point_3', 1, 'AC', 7000]].map(([name, n, type, w], i) => ({
  id: id('cp'), site_id: site.id, site_name: site.name, identity: `IOC_CL_A3E_${i}`, name, code: String(1000 + i),
  charger_type: type, max_power_w: w, status: 'VALID', vendor: 'IoCharger', model: type === 'AC' ? 'IOCAH10' : 'IOCD60', firmware: '1.4.2',
  hardware_serial: `SN2019${i}77`, online: i !== 3, last_seen_at: i === 3 ? ago(7200) : now(), point_status: i === 3 ? 'OFFLINE' : i === 1 ? 'AVAILABLE' : 'CHARGING', version: 1,
  connectors: Array.from({ length: n }, (_, k) => ({ id: id('con'), number: k + 1, type: type === 'AC' ? 'Type 2' : 'CCS2', max_power_w: w, status: i === 3 ? 'Unavailable' : k === 1 ? 'Faulted' : i === 1 ? 'Available' : 'Charging', error_code: k === 1 ? 'GroundFailure' : undefined, vendor_error_code: k === 1 ? '0x4011' : undefined, status_at: ago(600 + i * 77) })),
}))
const plan = { id: id('plan'), name: 'Standard', plan_version: 3, currency: 'EUR', prices_include_tax: false, vat_permille: 200,
  electricity: [{ from: '00:00', to: '07:00', price: '0.20' }, { from: '07:00', to: '24:00', price: '0.30' }], service_per_kwh: '0.10',
  idle: { per_minute: '0.20', grace_s: 900, cap: '10.00' }, hold: '50.00', min_balance: '1.00', version: 3 }
const plans = [plan]
const drivers = ['13000000000', '13000000001', '13000000002', '13400000005'].map((account, i) => ({
  id: id('drv'), account, nickname: ['Min', 'Zoe', '', ''][i], name: ['Min Qian', 'Zoe Diaz', undefined, undefined][i], mobile: account, email: `${i}@${i}.com`, membership_level: 'Regular Member',
  charging_account: String(10100000011 + i), balance: cents(1000000 - i * 1234), held: cents(i < 2 ? 5000 : 0), available: cents(995000 - i * 1234), status: 'VALID', version: 1,
}))
const tokens = ['13ADF65A', '144E7EDA', '142FA77A', '142E325A'].map((uid, i) => ({ id: id('tok'), driver_id: drivers[i].id, account: drivers[i].account, charging_account: drivers[i].charging_account, uid, status: i === 3 ? 'DISABLE' : 'ENABLE', delivery_type: 'Pick-up', version: 1 }))
const recharges = drivers.map((d, i) => ({ id: id('rch'), transaction_id: `2190918152${731 - i * 5}00000${i + 1}A3E001`, time: ago(86400 + i * 60), driver_id: d.id, account: d.account, charging_account: d.charging_account, email: d.email, recharge_from: 'Admin', amount: eur('10000.00'), balance_after: d.balance, reason: 'Opening balance', actor: 'admin' }))

function session(i, p, connector, d, state, startedAgo) {
  return { id: id('ses'), transaction_id: String(880 + i), ocpp_transaction_id: 40 + i, site_id: site.id, site_name: site.name, charge_point_id: p.id, charge_point_name: p.name, connector, state,
    user: d?.name ?? d?.nickname, mobile: d?.account, ev_type: i === 3 ? 'EV450' : undefined, started_at: ago(startedAgo), energy_wh: 4210 + i * 811, duration_s: startedAgo, current_ma: 16000, voltage_mv: 230100, power_w: 3680,
    soc_permille: p.charger_type === 'AC' ? undefined : 520, sample_at: now(), connector_status: 'Charging', cost: eur('1.68'), currency: 'EUR', abnormal: false, flags: [], time_zone: zone, version: 1, can_stop: true }
}
const sessions = [session(3, points[2], 1, drivers[0], 'CHARGING', 1260), session(2, points[0], 1, drivers[1], 'CHARGING', 3900)]
sessions[1].sample_at = ago(400)
const bill = { lines: [
  { kind: 'ELECTRICITY', label: 'Electricity 07:00–24:00', quantity: '18.437', unit: 'kWh', unit_price: '0.30', net: eur('5.53'), vat_permille: 200, segments: [{ from: ago(9000), to: ago(7200), quantity: '10.000', why: 'band 07:00–24:00 of plan Standard, version 3' }, { from: ago(7200), to: ago(5400), quantity: '8.437', why: 'band 07:00–24:00; the boundary value is interpolated between two meter samples' }] },
  { kind: 'SERVICE', label: 'Service', quantity: '18.437', unit: 'kWh', unit_price: '0.10', net: eur('1.84'), vat_permille: 200, segments: [{ from: ago(9000), to: ago(5400), quantity: '18.437', why: 'service fee per kWh of plan Standard, version 3' }] },
], net: eur('7.37'), taxes: [{ vat_permille: 200, net: eur('7.37'), tax: eur('1.47') }], total: eur('8.84'), flags: ['INTERPOLATED'], explanation: ['18.437 kWh between the registers 1,204.113 and 1,222.550 kWh', 'Price snapshot: plan Standard, version 3, as in force at the start'] }
for (let i = 0; i < 64; i++) {
  const s = session(800 - i, points[i % 4], 1, i % 9 === 4 ? undefined : drivers[i % 4], i === 2 ? 'ABNORMAL' : 'COMPLETED', 9000 + i * 11000)
  sessions.push({ ...s, transaction_id: String(870 - i), ended_at: ago(5400 + i * 11000), energy_wh: 18437, duration_s: 3600, current_ma: undefined, voltage_mv: undefined, power_w: undefined, soc_permille: undefined, cost: undefined, total: i % 9 === 4 ? eur('0.00') : eur('8.84'), connector_status: 'Available', can_stop: false, stop_reason: i % 3 ? 'EVDisconnected' : 'Local', abnormal: i === 2, flags: i === 2 ? ['METER_REGRESSION'] : [] })
}
const commands = []

setInterval(() => {
  for (const s of sessions.filter((x) => x.can_stop && x.sample_at && x === sessions[0])) {
    s.current_ma = 55000 + Math.trunc(Math.random() * 2000)
    s.voltage_mv = 339000 + Math.trunc(Math.random() * 900)
    s.energy_wh += 37
    s.soc_permille = Math.min(1000, (s.soc_permille ?? 520) + 1)
    s.power_w = Math.trunc(s.current_ma * s.voltage_mv / 1e6)
    s.sample_at = now()
    s.duration_s += 2
    s.cost = cents(Math.round(s.energy_wh * 0.04))
    tell('session', s)
  }
}, 2000)
setInterval(() => { for (const s of streams) s.write(': ping\n\n') }, 15000)

function command(c, p, s, opts = {}) {
  const cmd = { id: id('cmd'), type: c.type, state: 'queued', created_at: now(), charge_point_id: p.id, session_id: s?.id }
  commands.unshift(cmd)
  const step = (ms, change) => setTimeout(() => { Object.assign(cmd, change()); tell('command', cmd) }, ms)
  if (!p.online) {
    step(50, () => ({ state: 'offline', error_detail: 'The charge point is not connected.' }))
    return cmd
  }
  step(400, () => ({ state: 'sent', sent_at: now(), effect: { state: 'pending' } }))
  if (opts.unsupported) {
    step(900, () => ({ state: 'not_supported', answered_at: now(), answer: 'NotImplemented', effect: { state: 'none' } }))
    return cmd
  }
  step(1100, () => ({ state: 'accepted', answered_at: now(), answer: 'Accepted' }))
  step(2600, () => {
    if (c.type === 'remote_stop') {
      Object.assign(s, { state: 'COMPLETED', can_stop: false, ended_at: now(), connector_status: 'Finishing', total: s.cost, cost: undefined, stop_reason: 'Remote', current_ma: 0, version: s.version + 3 })
      tell('session', s)
      return { effect: { state: 'seen', text: 'session ended', at: now() } }
    }
    return { effect: { state: 'seen', text: c.type === 'reset' ? 'boot seen' : 'values received', at: now() } }
  })
  if (c.type === 'remote_stop') { s.state = 'STOPPING'; s.version++; tell('session', s) }
  return cmd
}

function page(items, q) {
  const limit = Number(q.get('limit') ?? 20)
  const at = Number(q.get('cursor') ?? 0)
  return { items: items.slice(at, at + limit), next_cursor: at + limit < items.length ? String(at + limit) : undefined, total: items.length, total_capped: false }
}
const starts = (value, want) => !want || (value ?? '').toLowerCase().startsWith(want.trim().toLowerCase())
const problem = (status, code, detail, errors) => ({ status, problem: { type: 'about:blank', title: code, status, detail, code, errors, request_id: 'req_1' } })

function answer(method, path, q, body, me) {
  const is = (m, re) => (method === m ? re.exec(path) : null)
  let m
  if (is('GET', /^\/sites$/)) return page(sites.filter((x) => starts(x.name, q.get('name'))), q)
  if (is('POST', /^\/sites$/)) { const s = { ...body, id: id('site'), status: 'VALID', version: 1 }; sites.push(s); return s }
  if (is('GET', /^\/charge-points$/)) return page(points.filter((p) => starts(p.site_name, q.get('site')) && starts(p.name, q.get('name')) && (!q.get('point_status') || p.point_status === q.get('point_status')) && (!q.get('online') || String(p.online) === q.get('online'))), q)
  if (is('POST', /^\/charge-points$/)) {
    if (!/^[A-Za-z0-9*\-_=:+|@.]{1,48}$/.test(body.identity ?? '')) return problem(422, 'invalid', 'Some fields are not right.', [{ pointer: '/identity', detail: 'Use 1 to 48 letters, digits or * - _ = : + | @ .' }])
    const p = { ...body, id: id('cp'), site_name: site.name, status: 'VALID', online: false, point_status: 'OFFLINE', version: 1, connectors: body.connectors.map((c) => ({ id: id('con'), status: 'Unavailable', ...c })) }
    points.push(p)
    return { charge_point: p, key: '8f1c04a2b7d955e06c3b1f7a9d20e4c1' }
  }
  if ((m = is('POST', /^\/charge-points\/(\w+)\/key$/))) return { key: '77aa04a2b7d955e06c3b1f7a9d20e4c1' }
  if ((m = is('POST', /^\/charge-points\/(\w+)\/commands$/))) { const p = points.find((x) => x.id === m[1]); return command(body, p, undefined, { unsupported: p.name === 'Point_1' && body.type === 'trigger_message' }) }
  if (is('GET', /^\/sessions$/)) {
    const want = q.get('state')
    return page(sessions.filter((s) => (!want || (want === 'running' ? s.can_stop || s.state === 'STOPPING' : want === 'ended' ? !s.can_stop : want.split(',').includes(s.state))) && starts(s.site_name, q.get('site')) && starts(s.charge_point_name, q.get('point')) && (!q.get('q') || s.transaction_id === q.get('q') || starts(s.user, q.get('q')) || starts(s.mobile, q.get('q')))), q)
  }
  if ((m = is('GET', /^\/sessions\/(\w+)$/))) {
    const s = sessions.find((x) => x.id === m[1])
    if (!s) return problem(404, 'not_found', 'There is no such session.')
    const ended = !s.can_stop
    return { ...s, site_address: site.address, driver_id: s.user && drivers[0].id, charging_account: drivers[0].charging_account, token_uid: '13ADF65A', meter_start_wh: 1204113, meter_stop_wh: ended ? 1204113 + s.energy_wh : undefined, plan: { id: plan.id, name: plan.name, plan_version: 3 }, hold: eur('50.00'), bill: ended ? bill : undefined, captured: ended ? eur('8.84') : undefined, debt: undefined,
      attempts: [{ at: s.started_at, kind: 'authorize', decision: 'Accepted', reason: 'The card is enabled and the balance covers the start' }, { at: s.started_at, kind: 'start', decision: 'Accepted', reason: 'Held 50.00 EUR' }], close: ended ? { by: 'charge point', provisional: false } : undefined, adjustments: s.abnormal ? [{ at: s.ended_at, difference: eur('-0.40'), total: eur('8.44'), reason: 'The stop came late: measured again' }] : [] }
  }
  if ((m = is('GET', /^\/sessions\/(\w+)\/frames$/))) {
    const s = sessions.find((x) => x.id === m[1])
    const t = Date.parse(s.started_at)
    const f = (sec, direction, action, payload, flaws = []) => ({ at: new Date(t + sec * 1000).toISOString(), received_at: new Date(t + sec * 1000 + 400).toISOString(), direction, action, message_id: `19223${sec}`, payload, flaws })
    return { items: [f(-9, 'in', 'Authorize', { idTag: '13ADF65A' }), f(-9, 'out', 'Authorize', { idTagInfo: { status: 'Accepted' } }), f(0, 'in', 'StartTransaction', { connectorId: 1, idTag: '13ADF65A', meterStart: 1204113, timestamp: s.started_at }), f(0, 'out', 'StartTransaction', { transactionId: s.ocpp_transaction_id, idTagInfo: { status: 'Accepted' } }), f(60, 'in', 'MeterValues', { connectorId: 1, transactionId: 43, meterValue: [{ timestamp: s.started_at, sampledValue: [{ value: '1204.9', unit: 'kWh' }] }] }, ['VALUE_AS_NUMBER']), f(60, 'out', 'MeterValues', {}), f(3600, 'in', 'StopTransaction', { transactionId: 43, meterStop: 1222550, timestamp: s.ended_at, reason: 'Local' }), f(3600, 'out', 'StopTransaction', { idTagInfo: { status: 'Accepted' } })] }
  }
  if ((m = is('GET', /^\/sessions\/(\w+)\/samples$/))) {
    const s = sessions.find((x) => x.id === m[1])
    const t = Date.parse(s.started_at)
    return { items: Array.from({ length: 61 }, (_, i) => i).filter((i) => i < 30 || i > 38).map((i) => ({ at: new Date(t + i * 60000).toISOString(), energy_wh: 1204113 + i * 307, power_w: i > 50 ? 18400 - (i - 50) * 1500 : 18400 + (i % 5) * 90, current_ma: 55000, voltage_mv: 339000, soc_permille: 300 + i * 9, context: 'Sample.Periodic' })) }
  }
  if ((m = is('POST', /^\/sessions\/(\w+)\/(stop|refresh)$/))) {
    const s = sessions.find((x) => x.id === m[1])
    const p = points.find((x) => x.id === s.charge_point_id)
    return command({ type: m[2] === 'stop' ? 'remote_stop' : 'refresh' }, p, s, { unsupported: m[2] === 'refresh' && p.name === 'Point_0' })
  }
  if ((m = is('GET', /^\/commands\/(\w+)$/))) return commands.find((c) => c.id === m[1]) ?? problem(404, 'not_found', 'There is no such command.')
  if (is('GET', /^\/commands$/)) return page(commands.filter((c) => (!q.get('session_id') || c.session_id === q.get('session_id')) && (!q.get('charge_point_id') || c.charge_point_id === q.get('charge_point_id'))), q)
  if (is('GET', /^\/drivers$/)) return page(drivers.filter((d) => !q.get('q') || starts(d.account, q.get('q')) || starts(d.name, q.get('q'))), q)
  if (is('POST', /^\/drivers$/)) { const d = { membership_level: 'Regular Member', charging_account: '10100000099', balance: eur('0.00'), held: eur('0.00'), available: eur('0.00'), status: 'VALID', version: 1, ...body, id: id('drv') }; drivers.unshift(d); return d }
  if ((m = is('POST', /^\/drivers\/(\w+)\/recharges$/))) { const d = drivers.find((x) => x.id === m[1]); const r = { ...recharges[0], id: id('rch'), time: now(), account: d.account, amount: body.amount, reason: body.reason }; recharges.unshift(r); return r }
  if (is('GET', /^\/recharges$/)) return page(recharges, q)
  if (is('GET', /^\/tokens$/)) return page(tokens, q)
  if (is('POST', /^\/tokens$/)) { const d = drivers.find((x) => x.id === body.driver_id); const t = { id: id('tok'), account: d.account, charging_account: d.charging_account, delivery_type: 'Pick-up', status: 'ENABLE', version: 1, ...body }; tokens.unshift(t); return t }
  if ((m = is('PATCH', /^\/tokens\/(\w+)$/))) { const t = tokens.find((x) => x.id === m[1]); Object.assign(t, body); t.version++; return t }
  if (is('GET', /^\/plans$/)) return page(plans, q)
  if (is('POST', /^\/plans$/)) { const p = { ...body, id: id('plan'), plan_version: 1, version: 1 }; plans.push(p); return p }
  if (is('GET', /^\/operators$/)) return page([{ ...a3e, code: 'A3E001', time_zone: zone, version: 1 }], q)
  if (is('POST', /^\/me\/operator$/)) { me.acting_in = { operator: a3e }; me.permissions = [...everything, 'operators.switch']; return me }
  if (is('DELETE', /^\/me\/operator$/)) { me.acting_in = null; me.permissions = people.owner.permissions; return me }
  return problem(404, 'not_found', 'There is no such address.')
}

const dist = new URL('../../admin/dist/', import.meta.url)
createServer(async (req, res) => {
  const url = new URL(req.url, 'http://x')
  const send = (status, body, type = 'application/json', head = {}) => { res.writeHead(status, { 'Content-Type': type, ...head }); res.end(typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body)) }
  if (!url.pathname.startsWith('/api/')) {
    const types = { js: 'text/javascript', css: 'text/css', svg: 'image/svg+xml', html: 'text/html' }
    for (const name of [url.pathname.slice(1), 'index.html']) {
      try { return send(200, readFileSync(new URL(name, dist)), types[name.split('.').pop()] ?? 'text/plain') } catch { /* the next one */ }
    }
    return send(404, 'not built')
  }
  const path = url.pathname.replace('/api/v1', '')
  let raw = ''
  for await (const chunk of req) raw += chunk
  const body = raw ? JSON.parse(raw) : undefined
  const cookie = /ccms_session=(\w+)/.exec(req.headers.cookie ?? '')?.[1]
  if (path === '/login') {
    const who = people[body.login]
    if (!who || body.password !== 'demo') return send(401, problem(401, 'bad_credentials', 'The login or the password is not right.').problem)
    const key = Math.random().toString(36).slice(2)
    const me = { staff: { id: id('stf'), login: body.login, name: who.name, role: who.role }, operator: who.operator, sub_operator: null, permissions: who.permissions, csrf_token: `t${key}`, acting_in: null }
    logins.set(key, me)
    return send(200, { me }, 'application/json', { 'Set-Cookie': `ccms_session=${key}; Path=/; HttpOnly; SameSite=Lax` })
  }
  const me = logins.get(cookie)
  if (!me) return send(401, problem(401, 'not_signed_in', 'Sign in first.').problem)
  if (req.method !== 'GET' && req.headers['x-csrf-token'] !== me.csrf_token) return send(403, problem(403, 'csrf_missing', 'Load the page again.').problem)
  if (path === '/logout') { logins.delete(cookie); return send(204, '') }
  if (path === '/me') return send(200, me)
  if (path === '/live') {
    res.writeHead(200, { 'Content-Type': 'text/event-stream' })
    res.write('event: hello\ndata: {}\n\n')
    streams.add(res)
    res.on('close', () => streams.delete(res))
    return
  }
  const out = answer(req.method, path, url.searchParams, body, me)
  if (out?.problem) return send(out.status, out.problem, 'application/problem+json')
  send(/commands$|stop$|refresh$/.test(path) && req.method === 'POST' ? 202 : 200, out)
}).listen(port, '127.0.0.1', () => console.log(`http://127.0.0.1:${port}`))
