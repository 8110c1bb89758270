/**
 * What names, labels and keys may look like, in the API server's words. Each rule answers what is wrong, in order.
 * Source: apimachinery util/validation and api/validate/content (1.36).
 */

/** What is wrong with a text; empty: nothing. */
export type TextRule = (value: string) => readonly string[]

const noMoreCharacters = (most: number) => `must be no more than ${most} characters`
const noMoreBytes = (most: number) => `must be no more than ${most} bytes`
const form = (message: string, pattern: string, ...examples: string[]): string =>
  examples.length === 0
    ? `${message} (regex used for validation is '${pattern}')`
    : `${message} (e.g. ${examples.map((example) => `'${example}', `).join(' or ')}regex used for validation is '${pattern}')`

/** `must be between 1 and 65535, inclusive` */
export const between = (least: number, most: number): string => `must be between ${least} and ${most}, inclusive`

const encoder = new TextEncoder()
/** Length in bytes of UTF-8, which is what Go counts. */
export const byteLength = (text: string): number => encoder.encode(text).length

/** Whether a text has more than so many bytes; most texts are short enough to tell without counting. */
const isLonger = (text: string, most: number): boolean => text.length > most || (text.length * 3 > most && byteLength(text) > most)

/** A rule of a pattern and a greatest length. */
const rule = (pattern: string, most: number, message: string): TextRule => {
  const matches = new RegExp(`^(?:${pattern})$`)
  return (value) => [...(isLonger(value, most) ? [noMoreCharacters(most)] : []), ...(matches.test(value) ? [] : [message])]
}

const label1123 = '[a-z0-9]([-a-z0-9]*[a-z0-9])?'
const subdomain1123 = `${label1123}(\\.${label1123})*`
const isLabel1123 = new RegExp(`^${label1123}$`)
const isSubdomain1123 = new RegExp(`^${subdomain1123}$`)

const label1123Text = form(
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
  label1123,
  'my-name',
  '123-abc',
)

/** A label of a host name: names of namespaces, containers, StatefulSets. */
export const dnsLabel: TextRule = (value) => [
  ...(isLonger(value, 63) ? [noMoreCharacters(63)] : []),
  ...(isLabel1123.test(value) ? [] : isSubdomain1123.test(value) ? ['must not contain dots'] : [label1123Text]),
]

/** A host name: most names. */
export const dnsSubdomain: TextRule = rule(
  subdomain1123,
  253,
  form(
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
    subdomain1123,
    'example.com',
  ),
)

const label1035 = '[a-z]([-a-z0-9]*[a-z0-9])?'

/** A label that begins with a letter: names of services up to 1.33, port names of services. */
export const dns1035Label: TextRule = rule(
  label1035,
  63,
  form(
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
    label1035,
    'my-name',
    'abc-123',
  ),
)

/** What generateName may be: a name whose end is not written yet. */
export const asPrefix =
  (check: TextRule): TextRule =>
  (value) =>
    check(value.length > 1 && value.endsWith('-') ? `${value.slice(0, -2)}a` : value)

const keyPattern = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]'
const isKey = new RegExp(`^(?:${keyPattern})$`)
const keyText = form(
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  keyPattern,
  'MyName',
  'my.name',
  '123-abc',
)

const nothingWrong: readonly string[] = []

/** A rule that remembers what it has found right: the same few labels come again and again. */
const remembering = (check: TextRule): TextRule => {
  const right = new Set<string>()
  return (value) => {
    if (right.has(value)) return nothingWrong
    const errors = check(value)
    if (errors.length === 0) {
      if (right.size > 10_000) right.clear()
      right.add(value)
    }
    return errors
  }
}

/** A key of a label, annotation, resource or finalizer: `name` or `prefix/name`. */
export const qualifiedName: TextRule = remembering((value) => {
  const parts = value.split('/')
  if (parts.length > 2) return [`a valid label key ${keyText} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`]
  const errors: string[] = []
  const name = parts[parts.length - 1] as string
  if (parts.length === 2) {
    const prefix = parts[0] as string
    if (prefix === '') errors.push('prefix part must be non-empty')
    else if (isLonger(prefix, 253) || !isSubdomain1123.test(prefix))
      errors.push(...dnsSubdomain(prefix).map((text) => `prefix part ${text}`))
  }
  if (name === '') errors.push('name part must be non-empty')
  else if (isLonger(name, 63)) errors.push(`name part ${noMoreBytes(63)}`)
  if (!isKey.test(name)) errors.push(`name part ${keyText}`)
  return errors
})

const isLabelValueText = new RegExp(`^(?:(${keyPattern})?)$`)
const labelValueText = form(
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  `(${keyPattern})?`,
  'MyValue',
  'my_value',
  '12345',
)

/** A value of a label. Since 1.35 its length is counted in bytes by name. Source: statefulset.md 2.2 */
export const labelValue: TextRule = remembering((value) => [
  ...(isLonger(value, 63) ? [noMoreBytes(63)] : []),
  ...(isLabelValueText.test(value) ? [] : [labelValueText]),
])

const upwards = (value: string): readonly string[] =>
  value === '.' ? ["must not be '.'"] : value === '..' ? ["must not be '..'"] : value.startsWith('..') ? ["must not start with '..'"] : []

const keyOfData = rule(
  '[-._a-zA-Z0-9]+',
  253,
  form(
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
    '[-._a-zA-Z0-9]+',
    'key.name',
    'KEY_NAME',
    'key-name',
  ),
)

/** A key of a ConfigMap or Secret. */
export const configMapKey: TextRule = (value) => [...keyOfData(value), ...upwards(value)]

/** The name of an environment variable (1.34 and later take nearly everything). */
export const environmentName: TextRule = (value) => [
  ...(value === '' ? ['environment variable name must be non-empty'] : []),
  ...(/^[ -<>-~]*$/.test(value)
    ? []
    : ["a valid environment variable name must consist only of printable ASCII characters other than '='"]),
]

/** The name of a port of a container, a probe or a target. */
export const portName: TextRule = (value) => [
  ...(isLonger(value, 15) ? [noMoreCharacters(15)] : []),
  ...(/^[-a-z0-9]+$/.test(value) ? [] : ['must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)']),
  ...(/[a-z]/.test(value) ? [] : ['must contain at least one letter (a-z)']),
  ...(value.includes('--') ? ['must not contain consecutive hyphens'] : []),
  ...(value.startsWith('-') || (value.length > 0 && value.endsWith('-')) ? ['must not begin or end with a hyphen'] : []),
]

/** A port number. */
export const portNumber = (value: number): readonly string[] => (value >= 1 && value <= 65535 ? [] : [between(1, 65535)])

/** The name of a header of an HTTP probe. */
export const headerName: TextRule = (value) =>
  /^[-A-Za-z0-9]+$/.test(value)
    ? []
    : [form("a valid HTTP header must consist of alphanumeric characters or '-'", '[-A-Za-z0-9]+', 'X-Header-Name')]

/** A percentage: `25%`. */
export const percent: TextRule = (value) =>
  /^[0-9]+%$/.test(value) ? [] : [form("a valid percent string must be a numeric string followed by an ending '%'", '[0-9]+%', '1%', '93%')]

/** A name that becomes a part of a URL and nothing more: roles and bindings. */
export const pathSegment: TextRule = (value) =>
  value === '.' || value === '..'
    ? [`may not be '${value}'`]
    : ['/', '%'].filter((part) => value.includes(part)).map((part) => `may not contain '${part}'`)
