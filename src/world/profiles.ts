/**
 * Kinds of cluster: how long each step of the model takes there, and what storage is there. Each number has its origin.
 *
 * Sources: node-and-storage.md F2 (m: fitted to a measurement of F1, e: estimate, W: weak, D: by design); cases/README.md 2 and 7
 * (`reference`); contract 4 (the classes). Not modelled: the "stressed API" rows of F2 (fault `storage-slow`), node
 * replacement by Karpenter (the ASG's numbers are used).
 */
import { type Micros, milliseconds, minutes, seconds } from '../engine/clock.ts'
import { constant, type Distribution } from '../engine/distribution.ts'
import { exp } from '../engine/exact.ts'

/** A step of the model that takes time; the names are those of `latency:` in a scenario. */
export type Step =
  | 'api'
  | 'watch'
  | 'schedule'
  | 'sandbox'
  | 'start'
  | 'stop'
  | 'provision'
  | 'delete-volume'
  | 'attach'
  | 'detach'
  | 'mount-first'
  | 'mount'
  | 'unmount'
  | 'boot'
  | 'halt'
  | 'hand-over'
  | 'replace'
  | 'reboot'

/** Names that `latency:` knows; `pull` is a rate in bytes per second. */
export const steps: readonly (Step | 'pull')[] = [
  'sandbox',
  'start',
  'stop',
  'pull',
  'provision',
  'delete-volume',
  'attach',
  'detach',
  'mount',
  'unmount',
  'boot',
  'halt',
  'hand-over',
  'api',
  'watch',
  'schedule',
  'replace',
  'reboot',
  'mount-first',
]

/** How a pull takes its time: fixed + size / rate. The rate is a distribution whose "microseconds" are bytes per second. */
export type Pull = { readonly fixed: Micros; readonly bytesPerSecond: Distribution }

/** A sort of disk, as its driver promises. */
export type DriverData = {
  /** `disk.csi.stsim.dev` */
  readonly name: string
  /** Whether a volume must be attached to a machine before it is mounted. */
  readonly attachable: boolean
  /** What a new volume holds to: nothing, the zone of the selected node, or that node. */
  readonly holds: 'nothing' | 'zone' | 'node'
  /** Whether a CSIDriver object and CSINode entries are there (a provisioner that is no CSI driver has none). */
  readonly csi: boolean
  /** CSIDriver.spec.nodeAllocatableUpdatePeriodSeconds */
  readonly nodeAllocatableUpdatePeriodSeconds?: number
  /** Time-outs of its sidecars' calls (node-and-storage.md C2, C4). */
  readonly timeouts: { readonly provision: Micros; readonly attach: Micros }
  /** Provisioning is noticed at multiples of this after it began (local-path polls its helper pod each second). */
  readonly provisionPoll?: Micros
  /** Attaches and detaches of one machine: side by side, one after the other with so much between, or gathered so long. */
  readonly perMachine:
    | { readonly kind: 'parallel' }
    | { readonly kind: 'serial'; readonly each: Micros }
    | { readonly kind: 'batch'; readonly window: Micros }
  /** Whether the back-end honours a detach from a machine that is off or cut off. */
  readonly detachesFromDead: boolean
}

/** A StorageClass that a profile brings. */
type ClassData = {
  readonly name: string
  readonly driver: string
  readonly binding: 'WaitForFirstConsumer' | 'Immediate'
  readonly parameters?: Readonly<Record<string, string>>
}

/** A kind of cluster. */
export type ProfileData = {
  readonly name: string
  /** Whether everything repeats at the phases of cases/README.md 3 and nothing jitters. */
  readonly fixedPhases: boolean
  /** Whether images of which nothing is said are on every node. */
  readonly preloaded: boolean
  readonly steps: Readonly<Record<Step, Distribution>>
  readonly pull: Pull
  readonly drivers: readonly DriverData[]
  /** The first is the default class. */
  readonly classes: readonly ClassData[]
}

/** Median and sigma of the logarithm, as F2 writes it; seconds. */
const logNormal = (median: number, sigma: number): Distribution => ({
  kind: 'lognormal',
  p50: seconds(median),
  p99: seconds(median * exp(2.3263478740408408 * sigma)),
})
const uniform = (from: number, to: number): Distribution => ({ kind: 'uniform', from: seconds(from), to: seconds(to) })
const fixed = (length: number): Distribution => constant(seconds(length))

const mib = 1_048_576
/** Bytes per second in the place of microseconds: median and sigma. */
const rate = (megabytes: number, sigma: number): Distribution => ({
  kind: 'lognormal',
  p50: megabytes * 1_000_000,
  p99: Math.round(megabytes * 1_000_000 * exp(2.3263478740408408 * sigma)),
})

const nothing: Readonly<Record<Step, Distribution>> = {
  api: fixed(0),
  watch: fixed(0),
  schedule: fixed(0),
  sandbox: fixed(0),
  start: fixed(0),
  stop: fixed(0),
  provision: fixed(0),
  'delete-volume': fixed(0),
  attach: fixed(0),
  detach: fixed(0),
  'mount-first': fixed(0),
  mount: fixed(0),
  unmount: fixed(0),
  boot: fixed(0),
  halt: fixed(0),
  'hand-over': fixed(0),
  replace: fixed(0),
  reboot: fixed(0),
}

/** external-provisioner 10 s, external-attacher 15 s (C2, C4). */
const usualTimeouts = { provision: seconds(10), attach: seconds(15) }
const parallel = { kind: 'parallel' } as const

const stsimDrivers: readonly DriverData[] = [
  {
    name: 'disk.csi.stsim.dev',
    attachable: true,
    holds: 'nothing',
    csi: true,
    nodeAllocatableUpdatePeriodSeconds: 60,
    timeouts: usualTimeouts,
    perMachine: parallel,
    detachesFromDead: true,
  },
  {
    name: 'zonal.csi.stsim.dev',
    attachable: true,
    holds: 'zone',
    csi: true,
    timeouts: usualTimeouts,
    perMachine: parallel,
    detachesFromDead: true,
  },
  {
    name: 'local.csi.stsim.dev',
    attachable: false,
    holds: 'node',
    csi: true,
    timeouts: usualTimeouts,
    perMachine: parallel,
    detachesFromDead: true,
  },
  {
    name: 'shared.csi.stsim.dev',
    attachable: false,
    holds: 'nothing',
    csi: true,
    timeouts: usualTimeouts,
    perMachine: parallel,
    detachesFromDead: true,
  },
]

const stsimClasses: readonly ClassData[] = [
  { name: 'disk', driver: 'disk.csi.stsim.dev', binding: 'WaitForFirstConsumer' },
  { name: 'zonal', driver: 'zonal.csi.stsim.dev', binding: 'WaitForFirstConsumer' },
  { name: 'local', driver: 'local.csi.stsim.dev', binding: 'WaitForFirstConsumer' },
  { name: 'shared', driver: 'shared.csi.stsim.dev', binding: 'Immediate' },
]

const instant: ProfileData = {
  name: 'instant',
  fixedPhases: false,
  preloaded: true,
  steps: nothing,
  pull: { fixed: 0, bytesPerSecond: constant(0) },
  drivers: stsimDrivers,
  classes: stsimClasses,
}

/** cases/README.md 2, 3 and 7. */
const reference: ProfileData = {
  name: 'reference',
  fixedPhases: true,
  preloaded: true,
  steps: {
    ...nothing,
    sandbox: fixed(0.5),
    start: fixed(0.2),
    stop: fixed(1),
    provision: fixed(2),
    'delete-volume': fixed(1),
    attach: fixed(2),
    detach: fixed(2),
    'mount-first': fixed(1),
    mount: fixed(1),
    unmount: fixed(0.5),
    halt: fixed(20),
    'hand-over': fixed(18),
  },
  pull: { fixed: 0, bytesPerSecond: constant(10 * mib) },
  drivers: stsimDrivers,
  classes: stsimClasses,
}

/** What every profile but instant and reference shares; e, but where noted. */
const usual = {
  /** m: 1/270 s, a pod without volumes (F1, scheduler throughput); volumes cost 1/48 s, which the scheduler adds. */
  schedule: fixed(0.004),
  /** e: a process that ends at once on SIGTERM, as most servers do within a second. */
  stop: logNormal(0.5, 0.5),
  /** D: a service that systemd stops. */
  halt: logNormal(10, 0.4),
  /** B14: 13 to 24 s, typically 17 to 20. */
  'hand-over': uniform(13, 24),
}

/** e: kind on a laptop; local-path volumes (C10). */
const kindLocal: ProfileData = {
  name: 'kind-local',
  fixedPhases: false,
  preloaded: false,
  steps: {
    ...nothing,
    ...usual,
    api: logNormal(0.003, 0.5),
    watch: logNormal(0.002, 0.5),
    /** m/e: containerd pull requests 6111 and 6184, cilium 48392. */
    sandbox: logNormal(0.35, 0.5),
    start: logNormal(0.15, 0.5),
    provision: logNormal(2.5, 0.35),
    'delete-volume': logNormal(2, 0.4),
    'mount-first': fixed(0.05),
    mount: fixed(0.05),
    unmount: fixed(0.05),
    boot: uniform(5, 15),
    replace: uniform(5, 20),
    reboot: uniform(5, 15),
  },
  pull: { fixed: milliseconds(500), bytesPerSecond: rate(30, 0.4) },
  drivers: [
    {
      name: 'rancher.io/local-path',
      attachable: false,
      holds: 'node',
      csi: false,
      timeouts: { provision: minutes(2), attach: seconds(15) },
      provisionPoll: seconds(1),
      perMachine: parallel,
      detachesFromDead: true,
    },
  ],
  classes: [{ name: 'standard', driver: 'rancher.io/local-path', binding: 'WaitForFirstConsumer' }],
}

const eksEbs: ProfileData = {
  name: 'eks-ebs',
  fixedPhases: false,
  preloaded: false,
  steps: {
    ...nothing,
    ...usual,
    api: logNormal(0.008, 0.6),
    watch: logNormal(0.005, 0.6),
    sandbox: logNormal(1, 0.5),
    start: logNormal(0.25, 0.5),
    /** m: aws-ebs-csi-driver pkg/cloud/cloud.go: p50 about 1.5 s, p99 about 4 s. */
    provision: logNormal(1.5, 0.42),
    'delete-volume': logNormal(1.5, 0.5),
    /** m: the same file, most in 1 to 4 s. */
    attach: logNormal(2, 0.42),
    detach: logNormal(2.5, 0.45),
    'mount-first': logNormal(1.5, 0.4),
    mount: logNormal(0.4, 0.5),
    unmount: logNormal(0.3, 0.5),
    boot: uniform(40, 90),
    /** W: a new instance by its auto-scaling group. */
    replace: uniform(180, 300),
    reboot: uniform(40, 90),
  },
  /** m: 15 to 20 GB in 4 to 6 minutes. */
  pull: { fixed: milliseconds(800), bytesPerSecond: rate(60, 0.4) },
  drivers: [
    {
      name: 'ebs.csi.aws.com',
      attachable: true,
      holds: 'zone',
      csi: true,
      /** C2, C4: the chart's 60 s and 6 min. */
      timeouts: { provision: seconds(60), attach: minutes(6) },
      perMachine: parallel,
      detachesFromDead: true,
    },
  ],
  classes: [{ name: 'gp3', driver: 'ebs.csi.aws.com', binding: 'WaitForFirstConsumer', parameters: { type: 'gp3' } }],
}

const gkePd: ProfileData = {
  name: 'gke-pd',
  fixedPhases: false,
  preloaded: false,
  steps: {
    ...nothing,
    ...usual,
    api: logNormal(0.008, 0.6),
    watch: logNormal(0.005, 0.6),
    sandbox: logNormal(0.7, 0.5),
    start: logNormal(0.25, 0.5),
    provision: logNormal(4, 0.6),
    'delete-volume': logNormal(4, 0.6),
    /** m: gcp-pd-csi pull request 662: 90 % under 15 s. */
    attach: logNormal(9, 0.4),
    detach: logNormal(9, 0.4),
    'mount-first': logNormal(1.5, 0.4),
    mount: logNormal(0.4, 0.5),
    unmount: logNormal(0.3, 0.5),
    boot: uniform(40, 90),
    replace: uniform(60, 150),
    reboot: uniform(40, 90),
  },
  pull: { fixed: milliseconds(800), bytesPerSecond: rate(60, 0.4) },
  drivers: [
    {
      name: 'pd.csi.storage.gke.io',
      attachable: true,
      holds: 'zone',
      csi: true,
      timeouts: { provision: minutes(1), attach: minutes(1) },
      /** m: 100 volumes on one node, 5 s each (2019). */
      perMachine: { kind: 'serial', each: seconds(5) },
      detachesFromDead: true,
    },
  ],
  classes: [
    { name: 'standard', driver: 'pd.csi.storage.gke.io', binding: 'Immediate', parameters: { type: 'pd-standard' } },
    { name: 'standard-rwo', driver: 'pd.csi.storage.gke.io', binding: 'WaitForFirstConsumer', parameters: { type: 'pd-balanced' } },
    { name: 'premium-rwo', driver: 'pd.csi.storage.gke.io', binding: 'WaitForFirstConsumer', parameters: { type: 'pd-ssd' } },
  ],
}

const aksDisk: ProfileData = {
  name: 'aks-disk',
  fixedPhases: false,
  preloaded: false,
  steps: {
    ...nothing,
    ...usual,
    api: logNormal(0.01, 0.6),
    watch: logNormal(0.005, 0.6),
    sandbox: logNormal(1, 0.5),
    start: logNormal(0.25, 0.5),
    provision: logNormal(3, 0.5),
    'delete-volume': logNormal(4, 0.6),
    /** m: azuredisk-csi-driver metrics: means of 12.9 and 13.6 s. */
    attach: logNormal(11.4, 0.5),
    detach: logNormal(12, 0.5),
    'mount-first': logNormal(2, 0.5),
    mount: logNormal(0.5, 0.5),
    unmount: logNormal(0.3, 0.5),
    boot: uniform(60, 150),
    replace: uniform(120, 300),
    reboot: uniform(60, 150),
  },
  pull: { fixed: seconds(1), bytesPerSecond: rate(45, 0.5) },
  drivers: [
    {
      name: 'disk.csi.azure.com',
      attachable: true,
      holds: 'zone',
      csi: true,
      timeouts: { provision: seconds(60), attach: minutes(10) },
      /** D: requests of one machine are gathered for a second. */
      perMachine: { kind: 'batch', window: seconds(1) },
      detachesFromDead: true,
    },
  ],
  classes: [
    { name: 'default', driver: 'disk.csi.azure.com', binding: 'WaitForFirstConsumer', parameters: { skuname: 'StandardSSD_LRS' } },
    { name: 'managed-csi', driver: 'disk.csi.azure.com', binding: 'WaitForFirstConsumer', parameters: { skuname: 'StandardSSD_LRS' } },
    { name: 'managed-csi-premium', driver: 'disk.csi.azure.com', binding: 'WaitForFirstConsumer', parameters: { skuname: 'Premium_LRS' } },
  ],
}

const cephRbd: ProfileData = {
  name: 'ceph-rbd',
  fixedPhases: false,
  preloaded: false,
  steps: {
    ...nothing,
    ...usual,
    api: logNormal(0.005, 0.5),
    watch: logNormal(0.005, 0.6),
    sandbox: logNormal(0.8, 0.5),
    start: logNormal(0.25, 0.5),
    /** m: ceph-csi 449, bursts of 25 (idle: 0.3 s). */
    provision: logNormal(2.15, 0.31),
    'delete-volume': logNormal(1, 0.5),
    attach: fixed(0.05),
    detach: fixed(0.05),
    'mount-first': logNormal(1.5, 0.6),
    mount: logNormal(0.8, 0.6),
    unmount: logNormal(0.5, 0.5),
    boot: uniform(120, 400),
    /** Bare metal is not replaced: ten years. */
    replace: constant(minutes(5_256_000)),
    reboot: uniform(120, 400),
  },
  pull: { fixed: milliseconds(500), bytesPerSecond: rate(80, 0.5) },
  drivers: [
    {
      name: 'rook-ceph.rbd.csi.ceph.com',
      attachable: true,
      holds: 'nothing',
      csi: true,
      timeouts: { provision: seconds(150), attach: seconds(150) },
      perMachine: parallel,
      /** e: the dead client must be put on the blocklist first. */
      detachesFromDead: false,
    },
  ],
  classes: [{ name: 'rook-ceph-block', driver: 'rook-ceph.rbd.csi.ceph.com', binding: 'Immediate', parameters: { pool: 'replicapool' } }],
}

/** All profiles, by name. */
export const profiles: ReadonlyMap<string, ProfileData> = new Map(
  [kindLocal, instant, reference, eksEbs, gkePd, aksDisk, cephRbd].map((profile) => [profile.name, profile]),
)

/** The driver of that name in a profile, if it is there. */
export const driverOf = (profile: ProfileData, name: string): DriverData | undefined =>
  profile.drivers.find((driver) => driver.name === name)
