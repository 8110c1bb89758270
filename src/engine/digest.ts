/**
 * One SHA-256 over everything that happened. Depends on what the entries say (time, cause, who, what, about and the detail as JSON with sorted
 * keys), not on how the journal numbers its texts.
 *
 * New versions of frozen objects share what did not change, so each frozen object is hashed once: in the text of what holds it, it
 * stands as its own hash when it is longer than one.
 */
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import type { Journal } from './journal.ts'

/** Who computes SHA-256 of texts, as UTF-8: 64 hexadecimal digits each time. All must agree (test/engine/digest.test.ts). */
export type Sha256 = {
  readonly of: (text: string) => string
  /** Of one text in pieces; none may end within a surrogate pair. */
  readonly pieces: () => { readonly add: (text: string) => void; readonly end: () => string }
}

/** Plain JavaScript, for every engine. Whoever has a faster one hands it in. */
export const portableSha256: Sha256 = {
  of: (text) => bytesToHex(sha256(utf8ToBytes(text))),
  pieces: () => {
    const hash = sha256.create()
    return { add: (text) => void hash.update(utf8ToBytes(text)), end: () => bytesToHex(hash.digest()) }
  },
}

/** Texts up to this length stand for themselves; longer ones as `#` and the first 128 bits of their SHA-256. */
const longest = 64
/** How much text is gathered before it is hashed. */
const batch = 32_768

/** SHA-256 (64 hexadecimal digits) of a journal, or of the entries whose `what` is wanted. */
export function digest(journal: Journal, wanted?: (what: string) => boolean, hasher: Sha256 = portableSha256): string {
  const whole = hasher.pieces()
  const texts = new Texts(hasher)
  let gathered = ''
  for (let entry = 1; entry <= journal.length; entry++) {
    const what = journal.what(entry)
    if (wanted !== undefined && !wanted(what)) continue
    const parts = [journal.who(entry), what, journal.about(entry)].map((part) => JSON.stringify(part)).join(' ')
    gathered += `${journal.time(entry)} ${journal.cause(entry)} ${parts} ${texts.of(journal.detail(entry))}\n`
    if (gathered.length > batch) {
      whole.add(gathered)
      gathered = ''
    }
  }
  whole.add(gathered)
  return whole.end()
}

/** SHA-256 (64 hexadecimal digits) of a text. */
export const digestOfText = portableSha256.of

/** Canonical texts of values, remembered for frozen objects. */
class Texts {
  private readonly known = new WeakMap<object, string>()
  private readonly hasher: Sha256

  constructor(hasher: Sha256) {
    this.hasher = hasher
  }

  of(value: unknown): string {
    if (typeof value !== 'object' || value === null) return plain(value)
    const known = this.known.get(value)
    if (known !== undefined) return known
    const text = this.written(value)
    if (!Object.isFrozen(value)) return text
    const short = text.length <= longest ? text : `#${this.hasher.of(text).slice(0, 32)}`
    this.known.set(value, short)
    return short
  }

  private written(value: object): string {
    if (Array.isArray(value)) {
      let text = '['
      for (let at = 0; at < value.length; at++) text += (at === 0 ? '' : ',') + this.of(value[at])
      return `${text}]`
    }
    const fields = value as Record<string, unknown>
    let text = '{'
    for (const key of Object.keys(fields).sort()) {
      const field = fields[key]
      if (field === undefined || typeof field === 'function') continue
      text += `${text.length === 1 ? '' : ','}${JSON.stringify(key)}:${this.of(field)}`
    }
    return `${text}}`
  }
}

const plain = (value: unknown): string => (typeof value === 'bigint' ? `${value}` : (JSON.stringify(value) ?? 'null'))
