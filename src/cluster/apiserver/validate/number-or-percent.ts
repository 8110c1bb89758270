/** Rules about what is a number or a percentage. Source: pkg/apis/apps/validation/validation.go (1.36). */
import { percent } from '../../objects/names.ts'
import { type Errors, invalidValue, wantsNotNegative } from './field-error.ts'

/** A whole number that is not negative, or a percentage. */
export const numberOrPercent = (field: string, value: unknown): Errors =>
  typeof value === 'number' ? wantsNotNegative(field, value) : percent(String(value)).map((text) => invalidValue(field, value, text))

/** A percentage of at most 100. */
export const notAboveAll = (field: string, value: unknown): Errors =>
  percentOf(value) > 100 ? [invalidValue(field, value, 'must not be greater than 100%')] : []

/** The number of a percentage; 0 for what is none. */
const percentOf = (value: unknown): number => (typeof value === 'string' && /^[0-9]+%$/.test(value) ? Number(value.slice(0, -1)) : 0)

/** The number, or that of the percentage; 0 for what is neither. */
export const amountOf = (value: unknown): number => (typeof value === 'number' ? value : percentOf(value))
