/**
 * Moments as the API writes them (RFC 3339, whole seconds, UTC) and as the engine counts them (microseconds since the start).
 * Calendar arithmetic on whole numbers: no Date, so that nothing depends on a clock or a time zone.
 */
import type { Micros } from '../../engine/clock.ts'

const secondsADay = 86_400
const microsASecond = 1_000_000

/** Days since 1970-01-01 of a day of the proleptic Gregorian calendar. */
const daysOf = (year: number, month: number, day: number): number => {
  const shifted = month <= 2 ? year - 1 : year
  const era = Math.floor(shifted / 400)
  const ofEra = shifted - era * 400
  const ofYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1
  return era * 146_097 + ofEra * 365 + Math.floor(ofEra / 4) - Math.floor(ofEra / 100) + ofYear - 719_468
}

/** The day of so many days since 1970-01-01. */
const dayOf = (days: number): { readonly year: number; readonly month: number; readonly day: number } => {
  const shifted = days + 719_468
  const era = Math.floor(shifted / 146_097)
  const ofEra = shifted - era * 146_097
  const year = Math.floor((ofEra - Math.floor(ofEra / 1460) + Math.floor(ofEra / 36_524) - Math.floor(ofEra / 146_096)) / 365)
  const ofYear = ofEra - (365 * year + Math.floor(year / 4) - Math.floor(year / 100))
  const part = Math.floor((5 * ofYear + 2) / 153)
  const month = part < 10 ? part + 3 : part - 9
  return { year: year + era * 400 + (month <= 2 ? 1 : 0), month, day: ofYear - Math.floor((153 * part + 2) / 5) + 1 }
}

const two = (number: number): string => String(number).padStart(2, '0')

/** RFC 3339 text of so many whole seconds since 1970: `2026-01-01T00:00:00Z`. */
export const printEpoch = (epoch: number): string => {
  const days = Math.floor(epoch / secondsADay)
  const rest = epoch - days * secondsADay
  const { year, month, day } = dayOf(days)
  const clock = [Math.floor(rest / 3600), Math.floor(rest / 60) % 60, rest % 60].map(two).join(':')
  return `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}T${clock}Z`
}

const form = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?([Zz]|([+-])(\d\d):(\d\d))$/

/** Seconds since 1970 (with a fraction, if the text has one) of an RFC 3339 text; undefined if it is none. */
export const parseEpoch = (text: string): number | undefined => {
  const match = form.exec(text)
  if (match === null) return undefined
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [number, number, number, number, number, number]
  if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60) return undefined
  const offset = match[9] === undefined ? 0 : (match[9] === '-' ? -1 : 1) * (Number(match[10]) * 60 + Number(match[11])) * 60
  const fraction = match[7] === undefined ? 0 : Number(`0.${match[7]}`)
  return daysOf(year, month, day) * secondsADay + hour * 3600 + minute * 60 + second - offset + fraction
}

/** What time 0 is called, and all moments from there. */
export class Calendar {
  /** Whole seconds since 1970 of time 0. */
  readonly epoch: number
  private second = Number.NaN
  private text = ''

  constructor(start: string) {
    const epoch = parseEpoch(start)
    if (epoch === undefined) throw new TypeError(`${start} is not a time of RFC 3339`)
    this.epoch = Math.floor(epoch)
  }

  /** The API's text of a moment; seconds are cut, as the API cuts them. */
  textOf(at: Micros): string {
    const second = Math.floor(at / microsASecond)
    if (second !== this.second) {
      this.second = second
      this.text = printEpoch(this.epoch + second)
    }
    return this.text
  }

  /** The moment of a text. */
  microsOf(text: string): Micros {
    const epoch = parseEpoch(text)
    if (epoch === undefined) throw new TypeError(`${text} is not a time of RFC 3339`)
    return Math.round((epoch - this.epoch) * microsASecond)
  }

  /** A text so many seconds later. */
  plus(text: string, seconds: number): string {
    return printEpoch(Math.floor((parseEpoch(text) ?? this.epoch) + seconds))
  }
}
