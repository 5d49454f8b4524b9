import { counter, gauge } from '../../../src/telemetry/metrics/descriptor.ts'
import { type Family, family } from '../../../src/telemetry/metrics/emitter.ts'

/** A file of a port's folder, its family, and what the file's number is multiplied with. */
export type PortFile = readonly [file: string, family: Family, unit: number]

const port = (name: string, help: string) => family(counter(`node_infiniband_${name}`, help), 'device', 'port')
/** Octets divided by 4, as the specification of InfiniBand counts them. */
const WORDS = 4

/** Files of `counters`. Source: sysfs-class-infiniband of the kernel's ABI documentation. */
export const COUNTERS: readonly PortFile[] = [
  [
    'excessive_buffer_overrun_errors',
    port(
      'excessive_buffer_overrun_errors_total',
      'Number of times that OverrunErrors consecutive flow control update periods occurred, each having at least one overrun error.',
    ),
    1,
  ],
  [
    'link_downed',
    port('link_downed_total', 'Number of times the link failed to recover from an error state and went down'),
    1,
  ],
  [
    'link_error_recovery',
    port('link_error_recovery_total', 'Number of times the link successfully recovered from an error state'),
    1,
  ],
  [
    'local_link_integrity_errors',
    port(
      'local_link_integrity_errors_total',
      'Number of times that the count of local physical errors exceeded the threshold specified by LocalPhyErrors.',
    ),
    1,
  ],
  [
    'multicast_rcv_packets',
    port('multicast_packets_received_total', 'Number of multicast packets received (including errors)'),
    1,
  ],
  [
    'multicast_xmit_packets',
    port('multicast_packets_transmitted_total', 'Number of multicast packets transmitted (including errors)'),
    1,
  ],
  [
    'port_rcv_constraint_errors',
    port(
      'port_constraint_errors_received_total',
      'Number of packets received on the switch physical port that are discarded',
    ),
    1,
  ],
  [
    'port_xmit_constraint_errors',
    port('port_constraint_errors_transmitted_total', 'Number of packets not transmitted from the switch physical port'),
    1,
  ],
  ['port_rcv_data', port('port_data_received_bytes_total', 'Number of data octets received on all links'), WORDS],
  [
    'port_xmit_data',
    port('port_data_transmitted_bytes_total', 'Number of data octets transmitted on all links'),
    WORDS,
  ],
  [
    'port_rcv_discards',
    port(
      'port_discards_received_total',
      'Number of inbound packets discarded by the port because the port is down or congested',
    ),
    1,
  ],
  [
    'port_xmit_discards',
    port(
      'port_discards_transmitted_total',
      'Number of outbound packets discarded by the port because the port is down or congested',
    ),
    1,
  ],
  [
    'port_rcv_errors',
    port('port_errors_received_total', 'Number of packets containing an error that were received on this port'),
    1,
  ],
  [
    'port_rcv_packets',
    port('port_packets_received_total', 'Number of packets received on all VLs by this port (including errors)'),
    1,
  ],
  [
    'port_xmit_packets',
    port(
      'port_packets_transmitted_total',
      'Number of packets transmitted on all VLs from this port (including errors)',
    ),
    1,
  ],
  [
    'port_xmit_wait',
    port(
      'port_transmit_wait_total',
      'Number of ticks during which the port had data to transmit but no data was sent during the entire tick',
    ),
    1,
  ],
  [
    'unicast_rcv_packets',
    port('unicast_packets_received_total', 'Number of unicast packets received (including errors)'),
    1,
  ],
  [
    'unicast_xmit_packets',
    port('unicast_packets_transmitted_total', 'Number of unicast packets transmitted (including errors)'),
    1,
  ],
  [
    'port_rcv_remote_physical_errors',
    port(
      'port_receive_remote_physical_errors_total',
      'Number of packets marked with the EBP (End of Bad Packet) delimiter received on the port.',
    ),
    1,
  ],
  [
    'port_rcv_switch_relay_errors',
    port('port_receive_switch_relay_errors_total', 'Number of packets that could not be forwarded by the switch.'),
    1,
  ],
  [
    'symbol_error',
    port('symbol_error_total', 'Number of minor link errors detected on one or more physical lanes.'),
    1,
  ],
  [
    'VL15_dropped',
    port('vl15_dropped_total', 'Number of incoming VL15 packets dropped due to resource limitations.'),
    1,
  ],
]

/** Files of `counters_ext`: 64-bit counters of kernels before 4.5. */
export const LEGACY_COUNTERS: readonly PortFile[] = [
  [
    'port_multicast_rcv_packets',
    port('legacy_multicast_packets_received_total', 'Number of multicast packets received'),
    1,
  ],
  [
    'port_multicast_xmit_packets',
    port('legacy_multicast_packets_transmitted_total', 'Number of multicast packets transmitted'),
    1,
  ],
  ['port_rcv_data_64', port('legacy_data_received_bytes_total', 'Number of data octets received on all links'), WORDS],
  ['port_rcv_packets_64', port('legacy_packets_received_total', 'Number of data packets received on all links'), 1],
  ['port_unicast_rcv_packets', port('legacy_unicast_packets_received_total', 'Number of unicast packets received'), 1],
  [
    'port_unicast_xmit_packets',
    port('legacy_unicast_packets_transmitted_total', 'Number of unicast packets transmitted'),
    1,
  ],
  [
    'port_xmit_data_64',
    port('legacy_data_transmitted_bytes_total', 'Number of data octets transmitted on all links'),
    WORDS,
  ],
  ['port_xmit_packets_64', port('legacy_packets_transmitted_total', 'Number of data packets received on all links'), 1],
]

/** Files of `hw_counters`, which each driver has its own of; these are of mlx5. */
export const HW_COUNTERS: readonly PortFile[] = [
  [
    'duplicate_request',
    port(
      'duplicate_requests_packets_total',
      'The number of received packets. A duplicate request is a request that had been previously executed.',
    ),
    1,
  ],
  [
    'implied_nak_seq_err',
    port(
      'implied_nak_seq_errors_total',
      'The number of time the requested decided an ACK. with a PSN larger than the expected PSN for an RDMA read or response.',
    ),
    1,
  ],
  [
    'local_ack_timeout_err',
    port(
      'local_ack_timeout_errors_total',
      "The number of times QP's ack timer expired for RC, XRC, DCT QPs at the sender side. The QP retry limit was not exceed, therefore it is still recoverable error.",
    ),
    1,
  ],
  [
    'np_cnp_sent',
    port(
      'np_cnp_packets_sent_total',
      'The number of CNP packets sent by the Notification Point when it noticed congestion experienced in the RoCEv2 IP header (ECN bits). The counters was added in MLNX_OFED 4.1',
    ),
    1,
  ],
  [
    'np_ecn_marked_roce_packets',
    port(
      'np_ecn_marked_roce_packets_received_total',
      "The number of RoCEv2 packets received by the notification point which were marked for experiencing the congestion (ECN bits where '11' on the ingress RoCE traffic) . The counters was added in MLNX_OFED 4.1",
    ),
    1,
  ],
  [
    'out_of_buffer',
    port('out_of_buffer_drops_total', 'The number of drops occurred due to lack of WQE for the associated QPs.'),
    1,
  ],
  [
    'out_of_sequence',
    port('out_of_sequence_packets_received_total', 'The number of out of sequence packets received.'),
    1,
  ],
  [
    'packet_seq_err',
    port(
      'packet_sequence_errors_total',
      'The number of received NAK sequence error packets. The QP retry limit was not exceeded.',
    ),
    1,
  ],
  [
    'req_cqe_error',
    port(
      'req_cqes_errors_total',
      'The number of times requester detected CQEs completed with errors. The counters was added in MLNX_OFED 4.1',
    ),
    1,
  ],
  [
    'req_cqe_flush_error',
    port(
      'req_cqes_flush_errors_total',
      'The number of times requester detected CQEs completed with flushed errors. The counters was added in MLNX_OFED 4.1',
    ),
    1,
  ],
  [
    'req_remote_access_errors',
    port(
      'req_remote_access_errors_total',
      'The number of times requester detected remote access errors. The counters was added in MLNX_OFED 4.1',
    ),
    1,
  ],
  [
    'req_remote_invalid_request',
    port(
      'req_remote_invalid_request_errors_total',
      'The number of times requester detected remote invalid request errors. The counters was added in MLNX_OFED 4.1',
    ),
    1,
  ],
  [
    'resp_cqe_error',
    port(
      'resp_cqes_errors_total',
      'The number of times responder detected CQEs completed with errors. The counters was added in MLNX_OFED 4.1',
    ),
    1,
  ],
  [
    'resp_cqe_flush_error',
    port(
      'resp_cqes_flush_errors_total',
      'The number of times responder detected CQEs completed with flushed errors. The counters was added in MLNX_OFED 4.1',
    ),
    1,
  ],
  [
    'resp_local_length_error',
    port(
      'resp_local_length_errors_total',
      'The number of times responder detected local length errors. The counters was added in MLNX_OFED 4.1',
    ),
    1,
  ],
  [
    'resp_remote_access_errors',
    port(
      'resp_remote_access_errors_total',
      'The number of times responder detected remote access errors. The counters was added in MLNX_OFED 4.1',
    ),
    1,
  ],
  [
    'rnr_nak_retry_err',
    port(
      'rnr_nak_retry_packets_received_total',
      'The number of received RNR NAK packets. The QP retry limit was not exceeded.',
    ),
    1,
  ],
  [
    'roce_adp_retrans',
    port(
      'roce_adp_retransmits_total',
      'The number of adaptive retransmissions for RoCE traffic. The counter was added in MLNX_OFED rev 5.0-1.0.0.0 and kernel v5.6.0',
    ),
    1,
  ],
  [
    'roce_adp_retrans_to',
    port(
      'roce_adp_retransmits_timeout_total',
      'The number of times RoCE traffic reached timeout due to adaptive retransmission. The counter was added in MLNX_OFED rev 5.0-1.0.0.0 and kernel v5.6.0',
    ),
    1,
  ],
  [
    'roce_slow_restart',
    port(
      'roce_slow_restart_used_total',
      'The number of times RoCE slow restart was used. The counter was added in MLNX_OFED rev 5.0-1.0.0.0 and kernel v5.6.0',
    ),
    1,
  ],
  [
    'roce_slow_restart_cnps',
    port(
      'roce_slow_restart_cnps_total',
      'The number of times RoCE slow restart generated CNP packets. The counter was added in MLNX_OFED rev 5.0-1.0.0.0 and kernel v5.6.0',
    ),
    1,
  ],
  [
    'roce_slow_restart_trans',
    port(
      'roce_slow_restart_total',
      'The number of times RoCE slow restart changed state to slow restart. The counter was added in MLNX_OFED rev 5.0-1.0.0.0 and kernel v5.6.0',
    ),
    1,
  ],
  [
    'rp_cnp_handled',
    port(
      'rp_cnp_packets_handled_total',
      'The number of CNP packets handled by the Reaction Point HCA to throttle the transmission rate. The counters was added in MLNX_OFED 4.1',
    ),
    1,
  ],
  [
    'rp_cnp_ignored',
    port(
      'rp_cnp_ignored_packets_received_total',
      'The number of CNP packets received and ignored by the Reaction Point HCA. This counter should not raise if RoCE Congestion Control was enabled in the network. If this counter raise, verify that ECN was enabled on the adapter.',
    ),
    1,
  ],
  [
    'rx_atomic_requests',
    port('rx_atomic_requests_total', 'The number of received ATOMIC request for the associated QPs.'),
    1,
  ],
  [
    'rx_dct_connect',
    port('rx_dct_connect_requests_total', 'The number of received connection requests for the associated DCTs.'),
    1,
  ],
  [
    'rx_read_requests',
    port('rx_read_requests_total', 'The number of received READ requests for the associated QPs.'),
    1,
  ],
  [
    'rx_write_requests',
    port('rx_write_requests_total', 'The number of received WRITE requests for the associated QPs.'),
    1,
  ],
  [
    'rx_icrc_encapsulated',
    port(
      'rx_icrc_encapsulated_errors_total',
      'The number of RoCE packets with ICRC errors. This counter was added in MLNX_OFED 4.4 and kernel 4.19',
    ),
    1,
  ],
  [
    'lifespan',
    family(
      gauge(
        'node_infiniband_lifespan_seconds',
        'The maximum period in ms which defines the aging of the counter reads. Two consecutive reads within this period might return the same values.',
      ),
      'device',
      'port',
    ),
    1 / 1000,
  ],
]
