/**
 * The hash of a pod template that names a ReplicaSet: FNV-1a over a dump of the template's Go structs, so that the letters are the real
 * ones of each release.
 *
 * Source: pkg/controller/controller_utils.go ComputeHash; apimachinery util/{hash,dump,rand}; davecgh/go-spew format.go (`%#v` with types, without
 * methods, keys in order). Proven by the names in recordings 29 and 35.
 */
import { decimalSuffixes, readQuantity } from '../../objects/quantity.ts'
import { strings, structs } from './go-shapes.ts'

type Field = { readonly go: string; readonly json: string; readonly type: string; readonly since: number; readonly until: number }

const readField = (text: string): Field => {
  const [shape = '', range] = text.split('@')
  const [go = '', json = '', ...type] = shape.split(':')
  const [since = '', until = ''] = (range ?? '').split('-')
  const small = go.charAt(0).toLowerCase() + go.slice(1)
  return { go, json: json === '' ? small : json, type: type.join(':'), since: Number(since), until: until === '' ? 999 : Number(until) }
}

const lines = structs.trim().split('\n')
const shapes: ReadonlyMap<string, readonly Field[]> = new Map(
  lines.map((line) => {
    const [name = '', ...fields] = line.split(' ')
    return [name, fields.map(readField)] as const
  }),
)
const stringTypes: ReadonlySet<string> = new Set(['string', ...strings.trim().split(/\s+/)])
const plainTypes: ReadonlySet<string> = new Set(['string', 'bool', 'int32', 'int64', 'byte'])

/** How Go prints a type: those of core/v1 and meta/v1 are both `v1.…`. */
const printed = (type: string): string => {
  const prefix = /^(?:\*|\[\]|map\[string\])*/.exec(type)?.[0] ?? ''
  const base = type.slice(prefix.length)
  return prefix + (plainTypes.has(base) || base.includes('.') ? base : `v1.${base}`)
}

const zeroTime = '{Time:(time.Time){wall:(uint64)0 ext:(int64)0 loc:(*time.Location)<nil>}}'

type Json = Readonly<Record<string, unknown>>

/** One dump, for the structs of one release. */
class Dump {
  private readonly minor: number

  constructor(minor: number) {
    this.minor = minor
  }

  /** A value with its type before it, as a field of a struct. */
  typed(value: unknown, type: string): string {
    const isPointer = type.startsWith('*')
    const there = value !== undefined && value !== null
    return `(${printed(type)})${isPointer && there ? this.bare(value, type.slice(1)) : this.bare(value, type)}`
  }

  /** A value alone, as an element of a list or map. */
  private bare(value: unknown, type: string): string {
    if (type.startsWith('*')) return value === undefined || value === null ? '<nil>' : `<*>${this.bare(value, type.slice(1))}`
    if (type.startsWith('[]')) return this.list(value as readonly unknown[] | undefined, type.slice(2))
    if (type.startsWith('map[string]')) return this.map(value as Json | undefined, type.slice(11))
    if (type === 'ResourceList') return this.map(value as Json | undefined, 'resource.Quantity')
    if (type === 'resource.Quantity') return quantity(String(value ?? '0'))
    if (type === 'intstr.IntOrString') return intOrString(value)
    if (type === 'Time') return zeroTime
    if (stringTypes.has(type)) return String(value ?? '')
    if (type === 'bool') return String(value ?? false)
    if (type === 'int32' || type === 'int64') return String(value ?? 0)
    return this.struct((value ?? {}) as Json, type)
  }

  private list(value: readonly unknown[] | undefined | null, type: string): string {
    if (value === undefined || value === null || value.length === 0) return '<nil>'
    return `[${value.map((each) => this.bare(each, type)).join(' ')}]`
  }

  private map(value: Json | undefined | null, type: string): string {
    const keys = Object.keys(value ?? {}).sort()
    if (value === undefined || value === null || keys.length === 0) return '<nil>'
    return `map[${keys.map((key) => `${key}:${this.bare(value[key], type)}`).join(' ')}]`
  }

  private struct(value: Json, type: string): string {
    const fields = (shapes.get(type) ?? []).filter(({ since, until }) => since <= this.minor && this.minor <= until)
    return `{${fields.map(({ go, json, type: of }) => `${go}:${this.typed(json === '.' ? value : value[json], of)}`).join(' ')}}`
  }
}

/** Of decimal quantities the text is kept; of binary ones only the number. */
const quantity = (text: string): string => {
  const read = readQuantity(text)
  const [number, scale] = parts(text)
  const form = 'error' in read ? 'DecimalSI' : read.form
  const kept = form === 'BinarySI' ? '' : text
  const inner = `i:(resource.int64Amount){value:(int64)${number} scale:(resource.Scale)${scale}} d:(resource.infDecAmount){Dec:(*inf.Dec)<nil>}`
  return `{${inner} s:(string)${kept} Format:(resource.Format)${form}}`
}

const binarySuffixes = ['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei']

/** Number and power of ten of a quantity, as ParseQuantity's fast path keeps them. */
const parts = (text: string): readonly [string, number] => {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?(\D*)$/.exec(text)
  if (match === null) return ['0', 0]
  const [, sign = '', whole = '', fraction = '', suffix = ''] = match
  const digits = BigInt(`${whole}${fraction}` || '0') * (sign === '-' ? -1n : 1n)
  const binary = binarySuffixes.indexOf(suffix)
  if (binary >= 0) return [String(digits << BigInt(10 * (binary + 1))), -fraction.length]
  return [String(digits), (decimalSuffixes.get(suffix) ?? 0) - fraction.length]
}

const intOrString = (value: unknown): string =>
  typeof value === 'string'
    ? `{Type:(intstr.Type)1 IntVal:(int32)0 StrVal:(string)${value}}`
    : `{Type:(intstr.Type)0 IntVal:(int32)${String(value ?? 0)} StrVal:(string)}`

/** 32-bit FNV-1a, over the UTF-8 bytes of a text and then over others. */
const fnv1a = (text: string, more: readonly number[]): number => {
  let hash = 0x811c9dc5
  const take = (byte: number): void => {
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
  }
  for (const byte of new TextEncoder().encode(text)) take(byte)
  for (const byte of more) take(byte)
  return hash
}

/** Letters and digits that spell no bad words. */
const alphabet = 'bcdfghjklmnpqrstvwxz2456789'

/** The hash of a template in release 1.`minor`, after so many collisions. */
export const templateHash = (template: unknown, collisionCount: number | undefined, minor: number): string => {
  const dump = new Dump(minor).typed(template, 'PodTemplateSpec')
  // Eight bytes, of which the first four hold the count (PutUint32).
  const count = collisionCount === undefined ? [] : [0, 8, 16, 24].map((shift) => (collisionCount >>> shift) & 0xff).concat([0, 0, 0, 0])
  return Array.from(String(fnv1a(dump, count)), (digit) => alphabet[digit.charCodeAt(0) % alphabet.length]).join('')
}
