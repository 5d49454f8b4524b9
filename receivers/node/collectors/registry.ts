import type { CollectorDefinition } from '../collector.ts'
import { arp } from './arp.ts'
import { bonding } from './bonding.ts'
import { conntrack } from './conntrack.ts'
import { cpu } from './cpu.ts'
import { diskstats } from './diskstats.ts'
import { entropy } from './entropy.ts'
import { filefd } from './filefd.ts'
import { filesystem } from './filesystem.ts'
import { ipvs } from './ipvs.ts'
import { kernelHung } from './kernel_hung.ts'
import { loadavg } from './loadavg.ts'
import { mdadm } from './mdadm.ts'
import { meminfo } from './meminfo.ts'
import { netdev } from './netdev.ts'
import { netstat } from './netstat.ts'
import { nfs } from './nfs.ts'
import { nfsd } from './nfsd.ts'
import { os } from './os.ts'
import { pressure } from './pressure.ts'
import { schedstat } from './schedstat.ts'
import { selinux } from './selinux.ts'
import { sockstat } from './sockstat.ts'
import { softnet } from './softnet.ts'
import { stat } from './stat.ts'
import { time } from './time.ts'
import { udpQueues } from './udp_queues.ts'
import { uname } from './uname.ts'
import { vmstat } from './vmstat.ts'
import { xfs } from './xfs.ts'

/** Every collector: one line each. */
export const collectors: readonly CollectorDefinition[] = [
  arp,
  bonding,
  conntrack,
  cpu,
  diskstats,
  entropy,
  filefd,
  filesystem,
  ipvs,
  kernelHung,
  loadavg,
  mdadm,
  meminfo,
  netdev,
  netstat,
  nfs,
  nfsd,
  os,
  pressure,
  schedstat,
  selinux,
  sockstat,
  softnet,
  stat,
  time,
  udpQueues,
  uname,
  vmstat,
  xfs,
]
