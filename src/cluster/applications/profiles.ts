/**
 * Ready-made applications by name: ZooKeeper, etcd, … Not there yet: a name is refused in words, so that nobody takes the plain
 * process for a quorum. Source: design/applications.md 5.
 */

/** Names that a later version knows, in order of text. */
export const plannedProfiles: readonly string[] = [
  'cassandra',
  'cockroachdb',
  'elasticsearch',
  'etcd',
  'kafka',
  'mongodb',
  'patroni',
  'rabbitmq',
  'redis-sentinel',
  'zookeeper',
]

/** What to tell a user who names a ready-made profile. */
export const refusalOfProfile = (name: string): string =>
  plannedProfiles.includes(name)
    ? `application profile "${name}" is not modelled yet; describe it with starts, stops and exits`
    : `there is no application profile "${name}"; none is modelled yet, describe it with starts, stops and exits`
