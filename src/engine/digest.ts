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

/** Texts up to this length stand for themselves; longer ones as `#` and the first 128 bits of their SHA-256. */
const longest = 64
/** How much text is gathered before it is hashed. */
const batch = 32_768

/** SHA-256 (64 hexadecimal digits) of a journal, or of the entries whose `what` is wanted. */
export function digest(journal: Journal, wanted?: (what: string) => boolean): string {
  const hash = sha256.create()
  const texts = new Texts()
  let gathered = ''
  for (let entry = 1; entry <= journal.length; entry++) {
    const what = journal.what(entry)
    if (wanted !== undefined && !wanted(what)) continue
    const parts = [journal.who(entry), what, journal.about(entry)].map((part) => JSON.stringify(part)).join(' ')
    gathered += `${journal.time(entry)} ${journal.cause(entry)} ${parts} ${texts.of(journal.detail(entry))}\n`
    if (gathered.length > batch) {
      hash.update(utf8ToBytes(gathered))
      gathered = ''
    }
  }
  hash.update(utf8ToBytes(gathered))
  return bytesToHex(hash.digest())
}

/** SHA-256 (64 hexadecimal digits) of a text. */
export const digestOfText = (text: string): string => bytesToHex(sha256(utf8ToBytes(text)))

/** Canonical texts of values, remembered for frozen objects. */
class Texts {
  private readonly known = new WeakMap<object, string>()

  of(value: unknown): string {
    if (typeof value !== 'object' || value === null) return plain(value)
    const known = this.known.get(value)
    if (known !== undefined) return known
    const text = this.written(value)
    if (!Object.isFrozen(value)) return text
    const short = text.length <= longest ? text : `#${bytesToHex(sha256(utf8ToBytes(text)).subarray(0, 16))}`
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
