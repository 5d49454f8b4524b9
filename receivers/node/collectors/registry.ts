import type { CollectorDefinition } from '../collector.ts'
import { arp } from './arp.ts'
import { bcache } from './bcache.ts'
import { bcachefs } from './bcachefs.ts'
import { bonding } from './bonding.ts'
import { btrfs } from './btrfs.ts'
import { conntrack } from './conntrack.ts'
import { cpu } from './cpu.ts'
import { cpuVulnerabilities } from './cpu_vulnerabilities.ts'
import { cpufreq } from './cpufreq.ts'
import { diskstats } from './diskstats.ts'
import { dmi } from './dmi.ts'
import { dmmultipath } from './dmmultipath.ts'
import { drm } from './drm.ts'
import { edac } from './edac.ts'
import { entropy } from './entropy.ts'
import { fibrechannel } from './fibrechannel.ts'
import { filefd } from './filefd.ts'
import { filesystem } from './filesystem.ts'
import { infiniband } from './infiniband.ts'
import { ipvs } from './ipvs.ts'
import { kernelHung } from './kernel_hung.ts'
import { loadavg } from './loadavg.ts'
import { mdadm } from './mdadm.ts'
import { meminfo } from './meminfo.ts'
import { netclass } from './netclass.ts'
import { netdev } from './netdev.ts'
import { netstat } from './netstat.ts'
import { nfs } from './nfs.ts'
import { nfsd } from './nfsd.ts'
import { nvme } from './nvme.ts'
import { nvmesubsystem } from './nvmesubsystem.ts'
import { os } from './os.ts'
import { powersupplyclass } from './powersupplyclass.ts'
import { pressure } from './pressure.ts'
import { rapl } from './rapl.ts'
import { schedstat } from './schedstat.ts'
import { selinux } from './selinux.ts'
import { sockstat } from './sockstat.ts'
import { softnet } from './softnet.ts'
import { stat } from './stat.ts'
import { tapestats } from './tapestats.ts'
import { thermalZone } from './thermal_zone.ts'
import { time } from './time.ts'
import { udpQueues } from './udp_queues.ts'
import { uname } from './uname.ts'
import { vmstat } from './vmstat.ts'
import { watchdog } from './watchdog.ts'
import { xfs } from './xfs.ts'

/** Every collector: one line each. */
export const collectors: readonly CollectorDefinition[] = [
  arp,
  bcache,
  bcachefs,
  bonding,
  btrfs,
  conntrack,
  cpu,
  cpufreq,
  cpuVulnerabilities,
  diskstats,
  dmi,
  dmmultipath,
  drm,
  edac,
  entropy,
  fibrechannel,
  filefd,
  filesystem,
  infiniband,
  ipvs,
  kernelHung,
  loadavg,
  mdadm,
  meminfo,
  netclass,
  netdev,
  netstat,
  nfs,
  nfsd,
  nvme,
  nvmesubsystem,
  os,
  powersupplyclass,
  pressure,
  rapl,
  schedstat,
  selinux,
  sockstat,
  softnet,
  stat,
  tapestats,
  thermalZone,
  time,
  udpQueues,
  uname,
  vmstat,
  watchdog,
  xfs,
]
