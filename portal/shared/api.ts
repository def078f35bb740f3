// The shapes of the public API under the names the portal uses; the shapes
// themselves are generated from the server's OpenAPI document (`make generate`).

import type { components } from './api.gen'

type Schemas = components['schemas']

export interface Page<T> { items: T[]; next_cursor?: string; total: number; total_capped: boolean }

export type Permission =
  | 'operators.read' | 'operators.write' | 'operators.switch' | 'home.read' | 'staff.read' | 'staff.write'
  | 'live.read' | 'live.command' | 'warnings.write' | 'live.hard_reset' | 'live.unlock' | 'live.availability' | 'live.configure' | 'live.files' | 'firmware.write' | 'assets.read' | 'assets.write' | 'drivers.read' | 'drivers.write'
  | 'pii.view' | 'pii.export' | 'plans.read' | 'plans.write' | 'finance.read' | 'finance.write' | 'audit.read'

export type Money = Schemas['Money']
export type Me = Schemas['Me']
export type OperatorRef = Schemas['MeOperator']
export type HomeSession = Schemas['HomeSession']
export type HomePosting = Schemas['HomePosting']
export type HomeLayout = Schemas['HomeLayout']
export type HomeFinance = Schemas['HomeFinance']
export type HomeCurrency = Schemas['HomeCurrency']
export type Operator = Schemas['Operator']
export type OperatorNew = Schemas['OperatorNew']
export type Site = Schemas['Site']
export type SiteStatus = Schemas['SiteStatus']
export type SiteNew = Schemas['SiteNew']
export type ChargePoint = Schemas['ChargePoint']
export type ChargePointNew = Schemas['ChargePointNew']
export type ChargePointMade = Schemas['ChargePointMade']
export type Connector = Schemas['Connector']
export type Driver = Schemas['Driver']
export type DriverNew = Schemas['DriverNew']
export type Recharge = Schemas['Recharge']
export type RechargeNew = Schemas['RechargeNew']
export type LedgerPosting = Schemas['LedgerPosting']
export type SessionEntry = Schemas['SessionEntry']
export type Token = Schemas['Token']
export type TokenNew = Schemas['TokenNew']
export type TokenPatch = Schemas['TokenPatch']
export type Plan = Schemas['Plan']
export type PlanBody = Schemas['PlanBody']
export type Session = Schemas['Session']
export type SessionDetail = Schemas['SessionDetail']
export type Bill = Schemas['Bill']
export type BillLine = Schemas['BillLine']
export type Frame = Schemas['Frame']
export type Sample = Schemas['Sample']
export type Command = Schemas['Command']
export type Warning = Schemas['Warning']
export type PointFile = Schemas['PointFile']
export type FirmwareImage = Schemas['FirmwareImage']
export type FirmwareInstall = Schemas['FirmwareInstall']
export type FirmwareCampaign = Schemas['FirmwareCampaign']
export type FileProtocol = NonNullable<Schemas['PointFile']['protocol']>
export type WarningDetail = Schemas['WarningDetail']
export type WarningResults = Schemas['WarningResults']
export type Attempt = Schemas['Attempt']
export type CommandNew = Schemas['CommandNew']
export type Bulk = Schemas['Bulk']
export type BulkItem = Schemas['BulkItem']
export type BulkNew = Schemas['BulkNew']
export type Configuration = Schemas['Configuration']
export type Setting = Schemas['Setting']
export type PointFrame = Schemas['PointFrame']
export type Found = Schemas['Found']
export type FoundKind = Schemas['FoundGroup']['kind']
export type Hit = Schemas['Hit']
export type View = Schemas['View']
export type ListColumns = Schemas['ListColumns']
export type Export = Schemas['Export']
