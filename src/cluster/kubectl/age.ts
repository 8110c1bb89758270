/**
 * Ages as kubectl words them. Source: kubectl.md 3.3; apimachinery util/duration.HumanDuration.
 */
import { parseEpoch, printEpoch } from '../objects/time.ts'

/** So many whole seconds in kubectl's words: `90s`, `2m40s`, `3h5m`, `2d1h`, `2y3d`. */
export function humanSeconds(seconds: number): string {
  if (seconds < -1) return '<invalid>'
  if (seconds < 0) return '0s'
  if (seconds < 120) return `${seconds}s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 10) return withRest(minutes, 'm', seconds % 60, 's')
  if (minutes < 180) return `${minutes}m`
  const hours = Math.floor(minutes / 60)
  if (hours < 8) return withRest(hours, 'h', minutes % 60, 'm')
  if (hours < 48) return `${hours}h`
  if (hours < 192) return withRest(Math.floor(hours / 24), 'd', hours % 24, 'h')
  const days = Math.floor(hours / 24)
  if (days < 365 * 2) return `${days}d`
  const years = Math.floor(days / 365)
  return years < 8 ? withRest(years, 'y', days % 365, 'd') : `${years}y`
}

const withRest = (count: number, unit: string, rest: number, small: string): string =>
  rest === 0 ? `${count}${unit}` : `${count}${unit}${rest}${small}`

/** How long ago a moment of the API was, seen from another; `<unknown>` without one. */
export function ageAt(now: string, time: string | null | undefined): string {
  const then = time === undefined || time === null ? undefined : parseEpoch(time)
  const here = parseEpoch(now)
  if (then === undefined || here === undefined) return '<unknown>'
  return humanSeconds(Math.trunc(here - then))
}

const weekdays = ['Thu', 'Fri', 'Sat', 'Sun', 'Mon', 'Tue', 'Wed']
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** A moment as `describe` writes it: `Thu, 01 Jan 2026 00:01:10 +0000` (RFC 1123 with zone, UTC). */
export function longTime(time: string): string {
  const epoch = parseEpoch(time)
  if (epoch === undefined) return time
  const whole = Math.floor(epoch)
  const day = Math.floor(whole / 86_400)
  const text = printEpoch(whole)
  const weekday = weekdays[((day % 7) + 7) % 7]
  return `${weekday}, ${text.slice(8, 10)} ${months[Number(text.slice(5, 7)) - 1]} ${text.slice(0, 4)} ${text.slice(11, 19)} +0000`
}
