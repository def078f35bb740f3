// RFC 9457 problem details as one error type, and where on a form each of its
// errors belongs.

export interface ProblemBody {
  type?: string; title?: string; status?: number; detail?: string; code?: string; request_id?: string
  errors?: { pointer?: string; detail?: string }[] | null
  have_version?: number; want_version?: number
}

export class Problem extends Error {
  readonly status: number
  readonly code: string
  readonly detail: string
  readonly fields: { pointer: string; detail: string }[]
  readonly requestId?: string
  /** From Retry-After. */
  readonly retryAfterSeconds?: number

  constructor(status: number, body: ProblemBody = {}, retryAfterSeconds?: number) {
    super(body.detail || body.title || `HTTP ${status}`)
    this.name = 'Problem'
    this.status = status
    this.code = body.code ?? `http_${status}`
    this.detail = body.detail ?? ''
    this.fields = (body.errors ?? []).map((e) => ({ pointer: e.pointer ?? '', detail: e.detail ?? '' }))
    this.requestId = body.request_id
    this.retryAfterSeconds = retryAfterSeconds
  }

  /** The server could not be asked at all. */
  static unreachable(cause: unknown): Problem {
    const p = new Problem(0, { code: 'unreachable' })
    p.cause = cause
    return p
  }
}

/** Reads the body of a failed answer, which a proxy may have written in HTML. */
export function problemOf(response: Response, body: unknown): Problem {
  const wait = Number(response.headers.get('Retry-After'))
  const known = typeof body === 'object' && body !== null ? (body as ProblemBody) : {}
  return new Problem(response.status, known, wait > 0 ? wait : undefined)
}

/** "/electricity/0/price" → ["electricity", 0, "price"], as RFC 6901 says. */
export function pointerPath(pointer: string): (string | number)[] {
  if (!pointer.startsWith('/')) return []
  return pointer.slice(1).split('/').map((part) => {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~')
    return /^(0|[1-9]\d*)$/.test(name) ? Number(name) : name
  })
}

/**
 * Splits the errors of a problem into those a form has a field for and the rest,
 * which must be said above the form, or nobody would see them. Money is one field
 * on a form and an object in the API: an error inside it belongs to its field.
 */
export function splitByField(problem: Problem, fields: (string | number)[][]): {
  fields: { name: (string | number)[]; detail: string }[]; rest: string[]
} {
  const out: { name: (string | number)[]; detail: string }[] = []
  const rest: string[] = []
  for (const e of problem.fields) {
    const path = pointerPath(e.pointer)
    const name = fields
      .filter((f) => f.length <= path.length && f.every((part, i) => part === path[i]))
      .sort((a, b) => b.length - a.length)[0]
    if (name && name.length > 0) out.push({ name, detail: e.detail })
    else rest.push(e.detail)
  }
  if (rest.length === 0 && out.length === 0 && problem.detail) rest.push(problem.detail)
  return { fields: out, rest }
}
