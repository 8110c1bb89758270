/** The cluster's network: how names find pods. */
export { clusterDns } from './dns.ts'
