/** Searches over many nodes: stretches, places where they begin, and memories that grow with the cluster. */
import { expect, test } from 'vitest'
import { node, pod, Stage } from './stage.ts'

test('of hundreds of nodes, many of them refused, the one that scores best is found, wherever the search begins', () => {
  const stage = new Stage({ components: { percentageOfNodesToScore: 100 } })
  const best = [250, 7, 131, 299, 64]
  for (let n = 0; n < 300; n++) {
    const taints = n % 3 === 0 ? [{ key: 'k', effect: 'NoSchedule' }] : []
    stage.create(node(`n${n}`, { cpu: 4, taints: best.includes(n) ? [] : taints }))
    const rank = best.indexOf(n)
    // The better, the emptier.
    stage.create(pod(`there-${n}`, { cpu: rank < 0 ? 2 : `${200 + 300 * rank}m`, on: `n${n}` }))
  }
  best.forEach((_, i) => void stage.at(i + 1, () => stage.create(pod(`p${i}`, { cpu: 2 }))))
  stage.run(10)
  expect(best.map((_, i) => stage.placed(`p${i}`)?.node)).toEqual(best.map((n) => `n${n}`))
})

test('what was found in the first stretches of a search is not lost in the last', () => {
  const stage = new Stage({ components: { percentageOfNodesToScore: 50 } })
  for (let n = 0; n < 300; n++) {
    stage.create(node(`n${n}`, { cpu: 4, taints: n % 3 === 0 ? [{ key: 'k', effect: 'NoSchedule' }] : [] }))
    stage.create(pod(`there-${n}`, { cpu: n === 7 ? '200m' : 2, on: `n${n}` }))
  }
  stage.at(1, () => stage.create(pod('p', { cpu: 1 })))
  stage.run(2)
  expect(stage.placed('p')?.node).toBe('n7')
})

test('nodes that come after a first score are scored, too', () => {
  const stage = new Stage()
  for (let n = 0; n < 10; n++) {
    stage.create(node(`n${n}`, { cpu: 4 }))
    stage.create(pod(`there-${n}`, { cpu: 1, on: `n${n}` }))
  }
  stage.at(1, () => stage.create(pod('first', { cpu: 1 })))
  stage.at(2, () => {
    for (let n = 10; n < 60; n++) stage.create(node(`n${n}`, { cpu: n === 41 ? 8 : 4 }))
  })
  stage.at(3, () => stage.create(pod('second', { cpu: 1 })))
  stage.run(5)
  expect(stage.placed('first')?.node).toBe('n0')
  expect(stage.placed('second')?.node).toBe('n41')
})
