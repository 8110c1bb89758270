/**
 * One table: which switch is on in which release. Rules ask `gates.on('MaxUnavailableStatefulSet')` or compare the release.
 * Source: statefulset.md 0.1; node-and-storage.md, marks "since X"; scheduler.md.
 */

/** A release as minor and patch of 1.x: `1.36` is `{ minor: 36, patch: 99 }` (the last patch). */
export type Release = { readonly minor: number; readonly patch: number }

/** The releases that are modelled. */
export const releases = [33, 34, 35, 36, 37] as const

/** Patch number that stands for "the last patch of its minor". */
const lastPatch = 99

/** Reads `1.36` or `1.35.2`; undefined for what is not a modelled release. */
export const parseRelease = (text: string): Release | undefined => {
  const match = /^v?1\.(\d+)(?:\.(\d+))?$/.exec(text)
  if (match === null) return undefined
  const minor = Number(match[1])
  if (!(releases as readonly number[]).includes(minor)) return undefined
  return { minor, patch: match[2] === undefined ? lastPatch : Number(match[2]) }
}

/** Whether `release` is at least 1.`minor`.`patch`. */
export const atLeast = (release: Release, minor: number, patch = 0): boolean =>
  release.minor > minor || (release.minor === minor && release.patch >= patch)

type Switch = { readonly from: (release: Release) => boolean }

/** Defaults of feature gates and of release switches that have no gate. A controller adds the rows that it needs. */
const switches: Readonly<Record<string, Switch>> = {
  // statefulset.md 0.1
  MaxUnavailableStatefulSet: { from: (r) => (r.minor === 35 ? r.patch < 4 : r.minor >= 37) },
  StatefulSetSemanticRevisionComparison: { from: (r) => atLeast(r, 34, 2) },
  StaleControllerConsistencyStatefulSet: { from: (r) => r.minor >= 36 },
  StatefulSetRecreateStrategy: { from: () => false },
  // node-and-storage.md A1, A5 to A8, A11, C5 (kubelet)
  ChangeContainerStatusOnKubeletRestart: { from: (r) => r.minor < 35 },
  KubeletCrashLoopBackOffMax: { from: (r) => r.minor >= 35 },
  KubeletEnsureSecretPulledImages: { from: (r) => r.minor >= 35 },
  PLEGOnDemandRelist: { from: (r) => r.minor >= 36 },
  PodObservedGenerationTracking: { from: (r) => r.minor >= 34 },
  /** No gate of Kubernetes: PodReadyToStartContainers is published right after the sandbox, alone (1.36). */
  PodReadyToStartContainersEarly: { from: (r) => r.minor >= 36 },
  // node-and-storage.md E (namespaces)
  OrderedNamespaceDeletion: { from: (r) => r.minor >= 33 },
  // recordings 29 and 35
  DeploymentReplicaSetTerminatingReplicas: { from: (r) => r.minor >= 35 },
  // scheduler.md 0.1
  DynamicResourceAllocation: { from: (r) => r.minor >= 34 },
  MatchLabelKeysInPodTopologySpreadSelectorMerge: { from: (r) => r.minor >= 34 },
  NodeDeclaredFeatures: { from: (r) => r.minor >= 36 },
  NominatedNodeNameForExpectation: { from: (r) => r.minor >= 35 },
  PodLevelResources: { from: (r) => r.minor >= 34 },
  PodTopologyLabelsAdmission: { from: (r) => r.minor >= 35 },
  SchedulerPopFromBackoffQ: { from: (r) => r.minor >= 33 },
  TaintTolerationComparisonOperators: { from: () => false },
  StorageCapacityScoring: { from: (r) => r.minor >= 37 },
  VolumeLimitScaling: { from: (r) => r.minor >= 37 },
}

/** The gates that something here depends on; any other one changes nothing. */
export const gatesRead: readonly string[] = Object.keys(switches)

/** Feature gates as a scenario sets them over a release's defaults. */
export type Gates = {
  readonly release: Release
  /** Whether a gate is on: the scenario's word, else the release's default; a gate nobody knows is off. */
  on(gate: string): boolean
}

export const gatesOf = (release: Release, overrides: Readonly<Record<string, boolean>> = {}): Gates => ({
  release,
  on: (gate) => overrides[gate] ?? switches[gate]?.from(release) ?? false,
})

/** Newest patch of each release that the documents of our semantics were read from: what nodes and `kubectl version` show. */
const newestPatches: Readonly<Record<number, number>> = { 33: 13, 34: 9, 35: 6, 36: 2, 37: 0 }

/** `v1.36.2` */
export const versionText = (release: Release): string =>
  `v1.${release.minor}.${release.patch === lastPatch ? (newestPatches[release.minor] ?? 0) : release.patch}`
