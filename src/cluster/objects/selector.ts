/**
 * Selectors: by labels as objects hold them, by labels as `-l` writes them, by fields as `--field-selector` writes them.
 * Whether an object is selected is asked far more often than a selector is read, so a selector is compiled once.
 *
 * Source: apimachinery pkg/labels/selector.go, pkg/fields/selector.go, apis/meta/v1/helpers.go.
 */
import { labelValue, qualifiedName } from './names.ts'

/** A label selector of an object: `spec.selector` of a set, a budget, an affinity term. */
export type LabelSelector = {
  readonly matchLabels?: Readonly<Record<string, string>>
  readonly matchExpressions?: readonly LabelExpression[]
}

/** One of its expressions. `operator` is In, NotIn, Exists or DoesNotExist (nodes know Gt and Lt too). */
export type LabelExpression = { readonly key: string; readonly operator: string; readonly values?: readonly string[] }

/** Labels of an object. */
export type Labels = Readonly<Record<string, string>> | undefined

/** One thing that is asked of the labels. */
export type Requirement = {
  readonly key: string
  readonly operator: 'in' | 'notin' | '=' | '==' | '!=' | 'exists' | '!' | 'gt' | 'lt'
  readonly values: readonly string[]
}

/** What `parse…` answers for a text it cannot read: the API server's words. */
export type Unreadable = { readonly error: string }

const meets = (requirement: Requirement, labels: Labels): boolean => {
  const value = labels?.[requirement.key]
  switch (requirement.operator) {
    case 'in':
    case '=':
    case '==':
      return value !== undefined && requirement.values.includes(value)
    case 'notin':
    case '!=':
      return value === undefined || !requirement.values.includes(value)
    case 'exists':
      return value !== undefined
    case '!':
      return value === undefined
    case 'gt':
    case 'lt': {
      const asked = requirement.values[0]
      if (value === undefined || asked === undefined || !isInteger(value) || !isInteger(asked)) return false
      return requirement.operator === 'gt' ? BigInt(value) > BigInt(asked) : BigInt(value) < BigInt(asked)
    }
  }
}

const isInteger = (text: string): boolean => /^[+-]?\d+$/.test(text) && text.length < 20

/** Whether labels meet all requirements. */
export const meetsAll = (requirements: readonly Requirement[], labels: Labels): boolean => requirements.every((one) => meets(one, labels))

const operators: ReadonlyMap<string, Requirement['operator']> = new Map([
  ['In', 'in'],
  ['NotIn', 'notin'],
  ['Exists', 'exists'],
  ['DoesNotExist', '!'],
  ['Gt', 'gt'],
  ['Lt', 'lt'],
])

const byKey = (a: Requirement, b: Requirement): number => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)

/** An expression of an object as a requirement; undefined for an operator that is none. */
export const requirementOf = (expression: LabelExpression): Requirement | undefined => {
  const operator = operators.get(expression.operator)
  return operator === undefined ? undefined : { key: expression.key, operator, values: expression.values ?? [] }
}

const compiled = new WeakMap<LabelSelector, readonly Requirement[] | null>()

/** The requirements of a selector, by key; null for one with an operator that is none, which selects nothing. */
export const requirementsOf = (selector: LabelSelector): readonly Requirement[] | null => {
  const before = compiled.get(selector)
  if (before !== undefined) return before
  const equal: Requirement[] = Object.keys(selector.matchLabels ?? {}).map((key) => ({
    key,
    operator: '=',
    values: [(selector.matchLabels as Record<string, string>)[key] as string],
  }))
  const others = (selector.matchExpressions ?? []).map(requirementOf)
  const result = others.some((one) => one === undefined) ? null : [...equal, ...(others as Requirement[])].sort(byKey)
  compiled.set(selector, result)
  return result
}

/**
 * Whether a selector of an object selects these labels. An empty selector selects everything, an absent one nothing.
 * Source: metav1.LabelSelectorAsSelector
 */
export const matches = (labels: Labels, selector: LabelSelector | undefined | null): boolean => {
  if (selector === undefined || selector === null) return false
  const requirements = requirementsOf(selector)
  return requirements !== null && meetsAll(requirements, labels)
}

/** Whether a plain map of labels (a service's selector) selects these labels. An empty or absent map selects nothing. */
export const matchesMap = (labels: Labels, map: Labels): boolean => {
  const keys = Object.keys(map ?? {})
  return keys.length > 0 && keys.every((key) => labels?.[key] === map?.[key])
}

const printRequirement = ({ key, operator, values }: Requirement): string => {
  const list = [...values].sort().join(',')
  switch (operator) {
    case 'exists':
      return key
    case '!':
      return `!${key}`
    case 'in':
    case 'notin':
      return `${key} ${operator} (${list})`
    case 'gt':
      return `${key}>${list}`
    case 'lt':
      return `${key}<${list}`
    default:
      return `${key}${operator}${list}`
  }
}

/** Requirements as `-l` writes them: `app=nginx,tier in (a,b)`. */
export const printRequirements = (requirements: readonly Requirement[]): string => requirements.map(printRequirement).join(',')

/** A selector of an object as `-l` writes it, as tables and `describe` show it; '' selects everything, `<none>` is for an absent one. */
export const printSelector = (selector: LabelSelector | undefined | null): string => {
  if (selector === undefined || selector === null) return '<none>'
  const requirements = requirementsOf(selector)
  if (requirements === null) return '<error>'
  return requirements.length === 0 ? '<none>' : printRequirements(requirements)
}

type Token = { readonly kind: string; readonly text: string }

const symbols = new Set([')', ',', '!', '==', '=', '>', '<', '!=', '('])
const isSymbol = (letter: string): boolean => '=!(),><'.includes(letter)
const isBlank = (letter: string): boolean => letter === ' ' || letter === '\t' || letter === '\r' || letter === '\n'

const tokensOf = (text: string): readonly Token[] => {
  const tokens: Token[] = []
  let at = 0
  while (at < text.length) {
    const letter = text[at] as string
    if (isBlank(letter)) {
      at++
    } else if (isSymbol(letter)) {
      const two = text.slice(at, at + 2)
      const symbol = symbols.has(two) ? two : letter
      tokens.push({ kind: symbol, text: symbol })
      at += symbol.length
    } else {
      const from = at
      while (at < text.length && !isSymbol(text[at] as string) && !isBlank(text[at] as string)) at++
      const word = text.slice(from, at)
      tokens.push({ kind: word === 'in' || word === 'notin' ? word : 'word', text: word })
    }
  }
  return [...tokens, { kind: 'end', text: '' }]
}

/** A sentence of the parser that ends the reading. */
class Stop {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

/** `in` and `notin` are words like others where a value or key is expected. */
const asValue = (token: Token): string => (token.kind === 'in' || token.kind === 'notin' ? 'word' : token.kind)

class LabelReader {
  private readonly tokens: readonly Token[]
  private at = 0

  constructor(text: string) {
    this.tokens = tokensOf(text)
  }

  private peek(): Token {
    return this.tokens[this.at] as Token
  }

  private next(): Token {
    return this.tokens[this.at++] as Token
  }

  all(): Requirement[] {
    const requirements: Requirement[] = []
    for (;;) {
      const begins = asValue(this.peek())
      if (begins === 'end') return requirements
      if (begins !== 'word' && begins !== '!') throw new Stop(`found '${this.peek().text}', expected: !, identifier, or 'end of string'`)
      requirements.push(this.one())
      const then = this.next()
      if (then.kind === 'end') return requirements
      if (then.kind !== ',') throw new Stop(`found '${then.text}', expected: ',' or 'end of string'`)
      const after = asValue(this.peek())
      if (after !== 'word' && after !== '!') throw new Stop(`found '${this.peek().text}', expected: identifier after ','`)
    }
  }

  private one(): Requirement {
    try {
      return this.requirement()
    } catch (stop) {
      throw stop instanceof Stop ? new Stop(`unable to parse requirement: ${stop.text}`) : stop
    }
  }

  private requirement(): Requirement {
    let token = this.next()
    const absent = token.kind === '!'
    if (absent) token = this.next()
    if (asValue(token) !== 'word') throw new Stop(`found '${token.text}', expected: identifier`)
    const key = token.text
    const wrong = qualifiedName(key)
    if (wrong.length > 0) throw new Stop(`<nil>: Invalid value: ${JSON.stringify(key)}: ${wrong.join('; ')}`)
    if (absent) return { key, operator: '!', values: [] }
    if (this.peek().kind === 'end' || this.peek().kind === ',') return { key, operator: 'exists', values: [] }
    const operator = this.operator()
    const values = operator === 'in' || operator === 'notin' ? this.list() : this.single()
    return checkedRequirement({ key, operator, values: [...new Set(values)].sort() })
  }

  private operator(): Requirement['operator'] {
    const token = this.next()
    switch (token.kind) {
      case 'in':
      case 'notin':
      case '=':
      case '==':
      case '!=':
        return token.kind
      case '>':
        return 'gt'
      case '<':
        return 'lt'
      default:
        throw new Stop(`found '${token.text}', expected: in, notin, =, ==, !=, gt, lt`)
    }
  }

  private single(): string[] {
    if (this.peek().kind === 'end' || this.peek().kind === ',') return ['']
    const token = this.next()
    if (asValue(token) !== 'word') throw new Stop(`found '${token.text}', expected: identifier`)
    return [token.text]
  }

  private list(): string[] {
    const open = this.next()
    if (open.kind !== '(') throw new Stop(`found '${open.text}' expected: '('`)
    const first = this.peek()
    if (first.kind === ')') {
      this.next()
      return ['']
    }
    if (asValue(first) !== 'word' && first.kind !== ',') throw new Stop(`found '${first.text}', expected: ',', ')' or identifier`)
    const values = this.words()
    if (this.next().kind !== ')') throw new Stop(`found '${first.text}', expected: ')'`)
    return values
  }

  private words(): string[] {
    const values: string[] = []
    for (;;) {
      const token = this.next()
      const after = this.peek()
      if (asValue(token) === 'word') {
        values.push(token.text)
        if (after.kind === ')') return values
        if (after.kind !== ',') throw new Stop(`found '${after.text}', expected: ',' or ')'`)
      } else if (token.kind === ',') {
        if (values.length === 0) values.push('')
        if (after.kind === ')') return [...values, '']
        if (after.kind === ',') values.push('')
      } else throw new Stop(`found '${token.text}', expected: ',', or identifier`)
    }
  }
}

const checkedRequirement = (requirement: Requirement): Requirement => {
  const errors: string[] = []
  const ordered = requirement.operator === 'gt' || requirement.operator === 'lt'
  for (const [at, value] of requirement.values.entries()) {
    if (ordered && !isInteger(value)) {
      errors.push(`values[${at}]: Invalid value: ${JSON.stringify(value)}: for 'Gt', 'Lt' operators, the value must be an integer`)
    }
  }
  for (const [at, value] of requirement.values.entries()) {
    const wrong = labelValue(value)
    if (wrong.length > 0) errors.push(`values[${at}][${requirement.key}]: Invalid value: ${JSON.stringify(value)}: ${wrong.join('; ')}`)
  }
  if (errors.length === 0) return requirement
  throw new Stop(errors.length === 1 ? (errors[0] as string) : `[${errors.join(', ')}]`)
}

/** Reads what `-l` says. */
export const parseLabelSelector = (text: string): readonly Requirement[] | Unreadable => {
  try {
    return new LabelReader(text).all().sort(byKey)
  } catch (stop) {
    if (stop instanceof Stop) return { error: stop.text }
    throw stop
  }
}

/** One thing that is asked of a field. */
export type FieldTerm = { readonly field: string; readonly equal: boolean; readonly value: string }

const termsOf = (text: string): readonly string[] => text.match(/(?:\\.|[^,\\]|\\$)+/gs) ?? []

const unescaped = (text: string): string | Unreadable => {
  let result = ''
  for (let at = 0; at < text.length; at++) {
    const letter = text[at] as string
    if (letter === ',' || letter === '=') return { error: `invalid field selector: unescaped character in value: ${letter.charCodeAt(0)}` }
    if (letter !== '\\') {
      result += letter
      continue
    }
    const next = text[++at]
    if (next !== '\\' && next !== ',' && next !== '=') return { error: `invalid field selector: invalid escape sequence: \\${next ?? ''}` }
    result += next
  }
  return result
}

/** Reads what `--field-selector` says: terms joined by commas, each `field=value`, `field==value` or `field!=value`. */
export const parseFieldSelector = (text: string): readonly FieldTerm[] | Unreadable => {
  const terms: FieldTerm[] = []
  for (const part of [...termsOf(text)].sort()) {
    const split = /^(.*?)(!=|==|=)(.*)$/s.exec(part)
    if (split === null) return { error: `invalid selector: '${text}'; can't understand '${part}'` }
    const value = unescaped(split[3] as string)
    if (typeof value !== 'string') return value
    terms.push({ field: split[1] as string, equal: split[2] !== '!=', value })
  }
  return terms
}

/** Whether what `read` gives for each field meets the terms. */
export const meetsTerms = (terms: readonly FieldTerm[], read: (field: string) => string): boolean =>
  terms.every((term) => (read(term.field) === term.value) === term.equal)
