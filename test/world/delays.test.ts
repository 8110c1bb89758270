import { describe, expect, it } from 'vitest'
import { seconds } from '../../src/engine/clock.ts'
import { constant } from '../../src/engine/distribution.ts'
import { Engine } from '../../src/engine/engine.ts'
import { Delays } from '../../src/world/delays.ts'
import { type ProfileData, profiles, type Step, steps } from '../../src/world/profiles.ts'
import { fullName, Registry } from '../../src/world/registry.ts'

const delays = (profile: string, seed: number | string = 1, overrides = {}): Delays =>
  new Delays(new Engine({ seed }), profiles.get(profile) as ProfileData, overrides)

describe('the profiles', () => {
  it('reference has the steps of the page, to the microsecond', () => {
    const of = (step: Step): number => delays('reference').of(step, 'x') / 1_000_000
    expect(['sandbox', 'start', 'stop', 'provision', 'delete-volume', 'attach', 'detach'].map((step) => of(step as Step))).toEqual([
      0.5, 0.2, 1, 2, 1, 2, 2,
    ])
    expect(['mount', 'mount-first', 'unmount', 'boot', 'halt', 'hand-over', 'api'].map((step) => of(step as Step))).toEqual([
      1, 1, 0.5, 0, 20, 18, 0,
    ])
  })

  it('instant takes no time at all', () => {
    const none = delays('instant')
    for (const step of steps) if (step !== 'pull') expect(none.of(step, 'x')).toBe(0)
    expect(none.pull(104_857_600, 'x')).toBe(0)
  })

  it('have the medians that they say', () => {
    const { engine } = { engine: new Engine({ seed: 1 }) }
    const eks = new Delays(engine, profiles.get('eks-ebs') as ProfileData)
    const drawn = Array.from({ length: 2001 }, (_, at) => eks.of('provision', `claim-${at}`) / 1_000_000).sort((a, b) => a - b)
    expect(drawn[1000]).toBeGreaterThan(1.4)
    expect(drawn[1000]).toBeLessThan(1.6)
    expect(drawn[1980]).toBeGreaterThan(3.4)
    expect(drawn[1980]).toBeLessThan(4.6)
  })

  it('bring the classes of the contract, the default first', () => {
    const names = (profile: string) => profiles.get(profile)?.classes.map(({ name }) => name)
    expect(names('kind-local')).toEqual(['standard'])
    expect(names('eks-ebs')).toEqual(['gp3'])
    expect(names('gke-pd')).toEqual(['standard', 'standard-rwo', 'premium-rwo'])
    expect(names('aks-disk')).toEqual(['default', 'managed-csi', 'managed-csi-premium'])
    expect(names('ceph-rbd')).toEqual(['rook-ceph-block'])
    expect(names('reference')).toEqual(['disk', 'zonal', 'local', 'shared'])
    expect(names('instant')).toEqual(names('reference'))
  })
})

describe('a draw', () => {
  it('belongs to the thing, the step and how often it was taken, whatever else is drawn', () => {
    const alone = delays('eks-ebs')
    const first = [alone.of('attach', 'a'), alone.of('attach', 'a')]
    const busy = delays('eks-ebs')
    busy.of('attach', 'b')
    busy.of('mount', 'a')
    const again = [busy.of('attach', 'a'), busy.of('attach', 'a')]
    expect(again).toEqual(first)
    expect(first[0]).not.toBe(first[1])
    expect(delays('eks-ebs', 2).of('attach', 'a')).not.toBe(first[0])
  })

  it('is what the scenario says, where it says something; mount means the first one too', () => {
    const own = delays('eks-ebs', 1, { steps: { mount: constant(seconds(3)) } })
    expect(own.of('mount', 'x')).toBe(seconds(3))
    expect(own.of('mount-first', 'x')).toBe(seconds(3))
  })
})

describe('the registry', () => {
  it('gives 100 MiB at 10 MiB a second in profile reference', () => {
    const registry = new Registry(new Map(), false)
    expect(delays('reference').pull(registry.size('nginx'), 'x')).toBe(seconds(10))
    expect(delays('reference').pull(registry.size('nginx'), 'x', 1_048_576)).toBe(seconds(100))
  })

  it('knows which node holds what', () => {
    const registry = new Registry(new Map([['a', { preloaded: ['node-1'] }]]), true)
    expect([registry.isPresent('node-1', 'a'), registry.isPresent('node-2', 'a'), registry.isPresent('node-2', 'b')]).toEqual([
      true,
      false,
      true,
    ])
    registry.add('node-2', 'a')
    expect(registry.isPresent('node-2', 'a')).toBe(true)
  })

  it('names images as the runtime does', () => {
    expect([fullName('nginx'), fullName('org/app:1'), fullName('registry.k8s.io/pause:3'), fullName('localhost:5000/a')]).toEqual([
      'docker.io/library/nginx:latest',
      'docker.io/org/app:1',
      'registry.k8s.io/pause:3',
      'localhost:5000/a:latest',
    ])
  })

  it('refuses while there is trouble', () => {
    const registry = new Registry(new Map(), true)
    const heal = registry.begin({ kind: 'missing', image: 'a' })
    expect(registry.ask('node-1', 'a').kind).toBe('refused')
    expect(registry.ask('node-1', 'b').kind).toBe('given')
    heal()
    expect(registry.ask('node-1', 'a').kind).toBe('given')
  })
})

describe('an image that the registry has lost', () => {
  it('is kept where it was used, and is nowhere else', () => {
    const registry = new Registry(new Map(), true)
    registry.add('node-1', 'a')
    registry.begin({ kind: 'missing', image: 'a' })
    expect([registry.isPresent('node-1', 'a'), registry.isPresent('node-2', 'a'), registry.isPresent('node-2', 'b')]).toEqual([
      true,
      false,
      true,
    ])
  })
})
