// The operations the portal calls, in the form that openapi-typescript writes.

import type {
  ChargePoint, ChargePointMade, ChargePointNew, Command, CommandNew, Driver, DriverNew, Frame, Me, Operator, OperatorNew, Page,
  Plan, PlanBody, Recharge, RechargeNew, Sample, Session, SessionDetail, Site, SiteNew, Token, TokenNew, TokenPatch,
} from './api'
import type { ProblemBody } from './problem'

interface Answers<R> {
  200: { headers: Record<string, unknown>; content: { 'application/json': R } }
  default: { headers: Record<string, unknown>; content: { 'application/problem+json': ProblemBody } }
}
interface Get<R, Q = never, P = never> {
  parameters: { query?: Q; path: P; header?: never; cookie?: never }
  requestBody?: never
  responses: Answers<R>
}
interface Lists<R, Q> {
  parameters: { query?: Q; path?: never; header?: never; cookie?: never }
  requestBody?: never
  responses: Answers<R>
}
interface Post<R, B, H = never> {
  parameters: { query?: never; path?: never; header?: H; cookie?: never }
  requestBody: { content: { 'application/json': B } }
  responses: Answers<R>
}
interface Write<R, B, P, H = never> {
  parameters: { query?: never; path: P; header: H; cookie?: never }
  requestBody: { content: { 'application/json': B } }
  responses: Answers<R>
}
interface Bare<R, P = never, H = never> {
  parameters: { query?: never; path: P; header: H; cookie?: never }
  requestBody?: never
  responses: Answers<R>
}
interface Plain<R> {
  parameters: { query?: never; path?: never; header?: never; cookie?: never }
  requestBody?: never
  responses: Answers<R>
}
interface Key { 'Idempotency-Key': string }
interface Match { 'If-Match': string }
interface ID { id: string }
interface List { limit?: number; cursor?: string; sort?: string; q?: string }

export interface paths {
  '/api/v1/login': { post: Post<{ me: Me }, { login: string; password: string }> }
  '/api/v1/logout': { post: Plain<undefined> }
  '/api/v1/me': { get: Plain<Me> }
  '/api/v1/me/operator': { post: Post<Me, { operator_id: string; reason: string }>; delete: Plain<Me> }
  '/api/v1/operators': { get: Lists<Page<Operator>, List>; post: Post<Operator, OperatorNew, Partial<Key>> }
  '/api/v1/sites': { get: Lists<Page<Site>, List & { name?: string; status?: 'VALID' | 'INVALID' }>; post: Post<Site, SiteNew, Partial<Key>> }
  '/api/v1/charge-points': {
    get: Lists<Page<ChargePoint>, List & { site_id?: string; site?: string; name?: string; point_status?: ChargePoint['point_status']; online?: boolean; status?: 'VALID' | 'INVALID' }>
    post: Post<ChargePointMade, ChargePointNew, Partial<Key>>
  }
  '/api/v1/charge-points/{id}/key': { post: Bare<{ key: string }, ID, Partial<Key>> }
  '/api/v1/charge-points/{id}/commands': { post: Write<Command, CommandNew, ID, Key> }
  '/api/v1/drivers': { get: Lists<Page<Driver>, List & { status?: Driver['status'] }>; post: Post<Driver, DriverNew, Partial<Key>> }
  '/api/v1/drivers/{id}/recharges': { post: Write<Recharge, RechargeNew, ID, Key> }
  '/api/v1/recharges': { get: Lists<Page<Recharge>, List & { driver_id?: string; transaction_id?: string }> }
  '/api/v1/tokens': { get: Lists<Page<Token>, List & { driver_id?: string; status?: Token['status'] }>; post: Post<Token, TokenNew, Partial<Key>> }
  '/api/v1/tokens/{id}': { patch: Write<Token, TokenPatch, ID, Match> }
  '/api/v1/plans': { get: Lists<Page<Plan>, List & { name?: string }>; post: Post<Plan, PlanBody, Partial<Key>> }
  '/api/v1/plans/{id}': { put: Write<Plan, PlanBody, ID, Match> }
  '/api/v1/sessions': {
    get: Lists<Page<Session>, List & { state?: string; site_id?: string; site?: string; point?: string; from?: string; to?: string; driver_id?: string }>
  }
  '/api/v1/sessions/{id}': { get: Get<SessionDetail, never, ID> }
  '/api/v1/sessions/{id}/frames': { get: Get<{ items: Frame[] }, { limit?: number }, ID> }
  '/api/v1/sessions/{id}/samples': { get: Get<{ items: Sample[] }, { limit?: number }, ID> }
  '/api/v1/sessions/{id}/stop': { post: Write<Command, { reason?: string }, ID, Key> }
  '/api/v1/sessions/{id}/refresh': { post: Bare<{ items: Command[] }, ID, Key> }
  '/api/v1/commands': { get: Lists<Page<Command>, List & { charge_point_id?: string; session_id?: string }> }
  '/api/v1/commands/{id}': { get: Get<Command, never, ID> }
}
