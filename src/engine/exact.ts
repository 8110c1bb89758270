/**
 * `ln` and `exp` with the same bits on every engine: the language leaves Math.log and Math.exp to the implementation, and
 * engines differ in the last bit (performance.md 3). Only + - * / and sqrt are used here, which IEEE 754 fixes.
 *
 * `ln` and `exp` follow FreeBSD's msun (e_log.c, e_exp.c): Copyright (C) 1993, 2004 by Sun Microsystems, Inc. All rights
 * reserved. Permission to use, copy, modify, and distribute this software is freely granted, provided that this notice is preserved.
 */

const bits = new DataView(new ArrayBuffer(8))

const ln2High = 0.6931471803691238
const ln2Low = 1.9082149292705877e-10

/** The natural logarithm; -Infinity at 0, NaN below. Error under one unit in the last place. */
export function ln(x: number): number {
  if (x === 0) return Number.NEGATIVE_INFINITY
  if (!(x > 0)) return Number.NaN
  if (x === Number.POSITIVE_INFINITY) return x
  let k = 0
  let value = x
  if (value < 2.2250738585072014e-308) {
    k -= 54
    value *= 18_014_398_509_481_984
  }
  bits.setFloat64(0, value)
  let high = bits.getInt32(0)
  k += (high >> 20) - 1023
  high &= 0x000fffff
  const i = (high + 0x95f64) & 0x100000
  // value becomes x / 2^k, between sqrt(2)/2 and sqrt(2)
  bits.setInt32(0, high | (i ^ 0x3ff00000))
  k += i >> 20
  const f = bits.getFloat64(0) - 1
  if ((0x000fffff & (2 + high)) < 3) {
    if (f === 0) return k === 0 ? 0 : k * ln2High + k * ln2Low
    const R = f * f * (0.5 - 0.3333333333333333 * f)
    return k === 0 ? f - R : k * ln2High - (R - k * ln2Low - f)
  }
  const s = f / (2 + f)
  const z = s * s
  const w = z * z
  const t1 = w * (0.3999999999940942 + w * (0.22222198432149784 + w * 0.15313837699209373))
  const t2 = z * (0.6666666666666735 + w * (0.2857142874366239 + w * (0.1818357216161805 + w * 0.14798198605116586)))
  const R = t2 + t1
  if (((high - 0x6147a) | (0x6b851 - high)) > 0) {
    const half = 0.5 * f * f
    return k === 0 ? f - (half - s * (half + R)) : k * ln2High - (half - (s * (half + R) + k * ln2Low) - f)
  }
  return k === 0 ? f - s * (f - R) : k * ln2High - (s * (f - R) - k * ln2Low - f)
}

/** e to the x. Error under one unit in the last place. */
export function exp(x: number): number {
  if (Number.isNaN(x)) return x
  if (x > 709.782712893384) return Number.POSITIVE_INFINITY
  if (x < -745.1332191019411) return 0
  let high = 0
  let low = 0
  let k = 0
  let r = x
  const size = x < 0 ? -x : x
  if (size > 0.34657359027997264) {
    if (size < 1.0397207708399179) {
      k = x < 0 ? -1 : 1
      high = x - k * ln2High
      low = k * ln2Low
    } else {
      k = Math.trunc(Math.LOG2E * x + (x < 0 ? -0.5 : 0.5))
      high = x - k * ln2High
      low = k * ln2Low
    }
    r = high - low
  } else if (size < 3.725290298461914e-9) {
    return 1 + x
  }
  const t = r * r
  const c =
    r -
    t *
      (0.16666666666666602 +
        t * (-0.0027777777777015593 + t * (6.613756321437934e-5 + t * (-1.6533902205465252e-6 + t * 4.1381367970572385e-8))))
  if (k === 0) return 1 - ((r * c) / (c - 2) - r)
  const y = 1 - (low - (r * c) / (2 - c) - high)
  return timesPowerOfTwo(y, k)
}

/** y * 2^k, for y around 1. */
function timesPowerOfTwo(y: number, k: number): number {
  if (k > 1023) return y * powerOfTwo(k - 1) * 2
  if (k < -1021) return y * powerOfTwo(k + 1000) * powerOfTwo(-1000)
  return y * powerOfTwo(k)
}

function powerOfTwo(k: number): number {
  bits.setInt32(0, (1023 + k) << 20)
  bits.setInt32(4, 0)
  return bits.getFloat64(0)
}

/**
 * The value below which a standard normal lies with probability `u`; -Infinity at 0, Infinity at 1.
 * Source: Wichura, Algorithm AS 241 (PPND16), Applied Statistics 37 (1988); about 16 digits.
 */
export function normalQuantile(u: number): number {
  if (u <= 0) return Number.NEGATIVE_INFINITY
  if (u >= 1) return Number.POSITIVE_INFINITY
  const q = u - 0.5
  if (q >= -0.425 && q <= 0.425) {
    const r = 0.180625 - q * q
    return (q * polynomial(centreAbove, r)) / polynomial(centreBelow, r)
  }
  const tail = Math.sqrt(-ln(q < 0 ? u : 1 - u))
  const x =
    tail <= 5
      ? polynomial(middleAbove, tail - 1.6) / polynomial(middleBelow, tail - 1.6)
      : polynomial(farAbove, tail - 5) / polynomial(farBelow, tail - 5)
  return q < 0 ? -x : x
}

/** Coefficients from the constant term up. */
function polynomial(coefficients: readonly number[], x: number): number {
  let sum = 0
  for (let at = coefficients.length - 1; at >= 0; at--) sum = sum * x + (coefficients[at] as number)
  return sum
}

const centreAbove = [
  3.3871328727963665, 133.14166789178438, 1971.5909503065513, 13731.69376550946, 45921.95393154987, 67265.7709270087, 33430.57558358813,
  2509.0809287301227,
]
const centreBelow = [
  1, 42.31333070160091, 687.1870074920579, 5394.196021424751, 21213.794301586597, 39307.89580009271, 28729.085735721943, 5226.495278852854,
]
const middleAbove = [
  1.4234371107496835, 4.630337846156546, 5.769497221460691, 3.6478483247632045, 1.2704582524523684, 0.2417807251774506,
  0.022723844989269184, 0.0007745450142783414,
]
const middleBelow = [
  1, 2.053191626637759, 1.6763848301838038, 0.6897673349851, 0.14810397642748008, 0.015198666563616457, 0.0005475938084995345,
  1.0507500716444169e-9,
]
const farAbove = [
  6.657904643501103, 5.463784911164114, 1.7848265399172913, 0.29656057182850487, 0.026532189526576124, 0.0012426609473880784,
  2.7115555687434876e-5, 2.0103343992922881e-7,
]
const farBelow = [
  1, 0.599832206555888, 0.1369298809227358, 0.014875361290850615, 0.0007868691311456133, 1.8463183175100548e-5, 1.421511758316446e-7,
  2.0442631033899397e-15,
]
