/**
 * Quantities of resources: `500m`, `1Gi`, `1.5`, `2e3`. Exact: a whole number of billionths in a bigint, and the form it
 * was written in, which is the form it is printed in.
 *
 * Source: apimachinery pkg/api/resource (quantity.go, suffix.go, math.go). Billionths are as fine as Kubernetes goes: what is
 * finer is rounded away from zero when it is read.
 */

/** How a quantity is written: with a decimal suffix, with a binary one, or with an exponent. */
type QuantityForm = 'DecimalSI' | 'BinarySI' | 'DecimalExponent'

/** A quantity that was read. */
export type Quantity = {
  /** Billionths. */
  readonly nano: bigint
  readonly form: QuantityForm
  /** The text as it was written, where Kubernetes keeps it as it is. */
  readonly text?: string
}

/** What the API server says of a text that is no quantity. */
export const quantityForm = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
const badSuffix = "unable to parse quantity's suffix"

const billion = 1_000_000_000n

/** The most that a quantity of binary form can be: 2^63 - 1. */
const mostBinary = ((1n << 63n) - 1n) * billion

/** The suffixes of decimal form, with their powers of ten. */
export const decimalSuffixes: ReadonlyMap<string, number> = new Map([
  ['n', -9],
  ['u', -6],
  ['m', -3],
  ['', 0],
  ['k', 3],
  ['M', 6],
  ['G', 9],
  ['T', 12],
  ['P', 15],
  ['E', 18],
])
const decimalSuffixOf: ReadonlyMap<number, string> = new Map([...decimalSuffixes].map(([suffix, exponent]) => [exponent, suffix]))
const binarySuffixes = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'] as const

const powerOfTen = (exponent: number): bigint => 10n ** BigInt(exponent)

/** a / b, rounded away from zero. */
const dividedAwayFromZero = (a: bigint, b: bigint): bigint => {
  const whole = a / b
  const rest = a % b
  return rest === 0n ? whole : a < 0n ? whole - 1n : whole + 1n
}

type Suffix = { readonly form: QuantityForm; readonly exponent: number; readonly binary: number }

const suffixOf = (text: string): Suffix | undefined => {
  const decimal = decimalSuffixes.get(text)
  if (decimal !== undefined) return { form: 'DecimalSI', exponent: decimal, binary: 0 }
  const binary = (binarySuffixes as readonly string[]).indexOf(text)
  if (binary > 0) return { form: 'BinarySI', exponent: 0, binary: binary * 10 }
  const exponent = /^[eE]([+-]?\d+)$/.exec(text)?.[1]
  // Beyond this Kubernetes' own scale overflows; nobody means it.
  if (exponent === undefined || Math.abs(Number(exponent)) > 1000) return undefined
  return { form: 'DecimalExponent', exponent: Number(exponent), binary: 0 }
}

/** Reads a quantity, or says what is wrong with it in the API server's words. */
export const readQuantity = (text: string): Quantity | { readonly error: string } => {
  if (text === '') return { error: quantityForm }
  const parts = /^([+-]?)0*(\d*)(?:\.(\d*))?([eEinumkKMGTP]*[-+]?\d*)$/.exec(text)
  if (parts === null) return { error: quantityForm }
  const whole = parts[2] === '' ? '0' : (parts[2] as string)
  const fraction = parts[3] ?? ''
  const suffix = suffixOf(parts[4] as string)
  if (suffix === undefined) return { error: badSuffix }
  const digits = BigInt(whole + fraction)
  const scale = suffix.exponent - fraction.length
  const shifted = (digits << BigInt(suffix.binary)) * (scale + 9 >= 0 ? powerOfTen(scale + 9) : 1n)
  let nano = scale + 9 >= 0 ? shifted : dividedAwayFromZero(shifted, powerOfTen(-(scale + 9)))
  let form = suffix.form
  if (form === 'BinarySI' && nano > mostBinary) nano = mostBinary
  if (form === 'BinarySI' && fraction !== '' && nano > 0n && nano < billion) form = 'DecimalSI'
  if (parts[1] === '-') nano = -nano
  return keepsText(text, suffix, whole + fraction, scale) ? { nano, form, text } : { nano, form }
}

/** Whether Kubernetes takes the text for canonical and keeps it (`1.250` stays, `1000m` becomes `1`). */
const keepsText = (text: string, suffix: Suffix, digits: string, scale: number): boolean => {
  if (text === '0') return true
  if (suffix.form === 'BinarySI') {
    const room = 15 - digits.length - Math.trunc((suffix.binary * 3) / 10) - 1
    return !text.includes('.') && room >= 0 && (BigInt(digits) & 7n) !== 0n
  }
  return digits.length <= 18 && scale >= -9 && scale % 3 === 0 && !digits.endsWith('000') && digits[0] !== '0'
}

/** Reads a quantity as text or as a number of YAML; undefined for what is none. */
export const parseQuantity = (text: string | number): Quantity | undefined => {
  const read = readQuantity(String(text).trim())
  return 'error' in read ? undefined : read
}

const decimalText = (nano: bigint, form: QuantityForm): string => {
  let number = nano
  let exponent = -9
  while (number % 10n === 0n) {
    number /= 10n
    exponent++
  }
  // Exponents that are no multiple of three are written with zeros.
  for (; exponent % 3 !== 0; exponent--) number *= 10n
  const suffix = form === 'DecimalExponent' ? (exponent === 0 ? '' : `e${exponent}`) : (decimalSuffixOf.get(exponent) ?? `e${exponent}`)
  return `${number}${suffix}`
}

const binaryText = (whole: bigint): string => {
  let number = whole
  let thousands = 0
  while (number % 1024n === 0n && thousands < binarySuffixes.length - 1) {
    number /= 1024n
    thousands++
  }
  return `${number}${binarySuffixes[thousands]}`
}

/** Prints a quantity in its canonical form. */
export const printQuantity = (quantity: Quantity): string => {
  if (quantity.text !== undefined) return quantity.text
  const { nano, form } = quantity
  if (nano === 0n) return '0'
  const inBinary = form === 'BinarySI' && nano % billion === 0n && (nano >= 1024n * billion || nano <= -1024n * billion)
  return inBinary ? binaryText(nano / billion) : decimalText(nano, form === 'BinarySI' ? 'DecimalSI' : form)
}

const remembered = <T>(ask: (text: string) => T): ((text: string) => T) => {
  const answers = new Map<string, T>()
  return (text) => {
    let answer = answers.get(text)
    if (answer === undefined) {
      // A run knows a handful of quantities; a server that is asked for ever more must not grow without end.
      if (answers.size > 10_000) answers.clear()
      answer = ask(text)
      answers.set(text, answer)
    }
    return answer
  }
}

const readCached = remembered((text: string): Quantity | null => parseQuantity(text) ?? null)
const zero: Quantity = { nano: 0n, form: 'DecimalSI' }

/** The quantity of a text that has passed validation; what is none counts as 0. */
export const quantityOf = (text: string | number | undefined): Quantity => (text === undefined ? zero : (readCached(String(text)) ?? zero))

/** A text in canonical form: `1000m` → `1`, `1024Mi` → `1Gi`; undefined for what is no quantity. */
export const canonicalQuantity = (text: string | number): string | undefined => {
  const quantity = readCached(String(text))
  return quantity === null ? undefined : printQuantity(quantity)
}

/** Rounded up to thousandths, as the API server stores requests and limits. Source: SetDefaults_ResourceList */
export const roundUpToMilli = (text: string): string => {
  const quantity = readCached(text)
  if (quantity === null || quantity.nano % 1_000_000n === 0n) return text
  return printQuantity({ nano: dividedAwayFromZero(quantity.nano, 1_000_000n) * 1_000_000n, form: quantity.form })
}

const milliCached = remembered((text: string) => Number(dividedAwayFromZero(quantityOf(text).nano, 1_000_000n)))
const wholeCached = remembered((text: string) => Number(dividedAwayFromZero(quantityOf(text).nano, billion)))

/** Thousandths as a number, rounded up: `500m` → 500, `2` → 2000. For hot paths: remembered. What is no quantity is 0. */
export const milliOf = (text: string | number | undefined): number => (text === undefined ? 0 : milliCached(String(text)))

/** Whole units as a number, rounded up: `1Gi` → 1073741824. For hot paths: remembered. What is no quantity is 0. */
export const bytesOf = (text: string | number | undefined): number => (text === undefined ? 0 : wholeCached(String(text)))

/** Negative, 0 or positive, as `a` is less than, equal to or more than `b`. */
export const compareQuantities = (a: string | number, b: string | number): number => {
  const left = quantityOf(a).nano
  const right = quantityOf(b).nano
  return left < right ? -1 : left > right ? 1 : 0
}

/** a + b, in the form of `a` (of `b` when `a` is 0). Source: Quantity.Add */
export const addQuantities = (a: string | number, b: string | number): string => {
  const left = quantityOf(a)
  const right = quantityOf(b)
  return printQuantity({ nano: left.nano + right.nano, form: left.nano === 0n ? right.form : left.form })
}

/** a - b, in the form of `a` (of `b` when `a` is 0). Source: Quantity.Sub */
export const subtractQuantities = (a: string | number, b: string | number): string => {
  const left = quantityOf(a)
  const right = quantityOf(b)
  return printQuantity({ nano: left.nano - right.nano, form: left.nano === 0n ? right.form : left.form })
}
