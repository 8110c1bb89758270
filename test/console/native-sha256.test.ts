import { expect, test } from 'vitest'
import { nativeSha256 } from '../../src/console/native-sha256.ts'
import { digest, portableSha256 } from '../../src/engine/digest.ts'
import { readManifests } from '../../src/scenario/read.ts'
import { simulate } from '../../src/simulate.ts'
import { setOf } from '../bench/sets.ts'

test('hashes as plain JavaScript does, text that is no Unicode included', () => {
  for (const text of ['', 'abc', 'ä 漢 😀', 'half a pair: \ud83d', '\ufeffmark', 'x'.repeat(100_000)]) {
    expect(nativeSha256.of(text)).toBe(portableSha256.of(text))
    const [native, portable] = [nativeSha256.pieces(), portableSha256.pieces()]
    for (const piece of [text, '\n', text]) {
      native.add(piece)
      portable.add(piece)
    }
    expect(native.end()).toBe(portable.end())
  }
})

test('gives a run the same digest', () => {
  const { scenario } = readManifests([{ name: 'web.yaml', text: setOf(2, 'OrderedReady') }], { name: 'web' })
  if (scenario === undefined) throw new Error('not read')
  const recording = simulate(scenario, { sha256: nativeSha256 })
  expect(recording.digest).toBe(simulate(scenario).digest)
  expect(recording.digest).toBe(digest(recording.journal))
})
