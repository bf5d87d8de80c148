// Lines as kernels and drivers write them, and what becomes of them.
#include "receivers/kmsg/events.hpp"

#include <doctest/doctest.h>

#include "testing/log_batches.hpp"

namespace rankwire::kmsg {
namespace {

struct Lines {
  // "name severity {attributes}"; empty: no event.
  std::string operator()(std::string_view text) {
    subject = {};
    LogRecord record;
    if (!events.recognize(text, record, arena, subject)) return {};
    return std::string(record.event_name) + " " + std::to_string(record.severity_number) + " " +
           testing::text_of(record.attributes);
  }

  Events events;
  Arena arena;
  Subject subject;
};

TEST_CASE("an Xid has its code, what it means, the GPU and the process") {
  Lines line;
  CHECK(line("NVRM: Xid (PCI:0000:38:00): 43, pid=2924364, name=pt_main_thread, Ch 00000008") ==
        "hw.gpu.xid 13 {hw.type=gpu,hw.vendor=NVIDIA,hw.pci.address=0000:38:00,hw.gpu.xid.code=43,"
        "hw.gpu.xid.meaning=a channel of an application was stopped,hw.gpu.xid.cause=consequence,"
        "hw.gpu.xid.action=none,process.pid=2924364,process.executable.name=pt_main_thread}");
  CHECK(line.subject.process == 2924364);
  CHECK(line("NVRM: Xid (PCI:0000:91:00): 79, pid='<unknown>', name=<unknown>, GPU has fallen off the bus.") ==
        "hw.gpu.xid 17 {hw.type=gpu,hw.vendor=NVIDIA,hw.pci.address=0000:91:00,hw.gpu.xid.code=79,"
        "hw.gpu.xid.meaning=the GPU has fallen off the bus,hw.gpu.xid.cause=hardware,"
        "hw.gpu.xid.action=restart_machine}");
  CHECK(line.subject.process == 0);
  CHECK(line("NVRM: Xid (0000:07:00 GPU-I:05): 13, Graphics Exception").find("hw.gpu.mig.instance=5") !=
        std::string::npos);
  CHECK(line("NVRM: Xid (PCI:0000:00:00): 149, NETIR_LINK_EVT Fatal XC0 i0 Link 07 (0x025001c6 0)")
            .find("hw.gpu.nvlink=7}") != std::string::npos);
  CHECK(line("NVRM: Xid (PCI:0000:00:00): 9999, what").find("hw.gpu.xid.cause=unknown,hw.gpu.xid.action=investigate") !=
        std::string::npos);
}

TEST_CASE("a GPU is known by its UUID once the driver has told it") {
  Lines line;
  CHECK(line("NVRM: GPU at PCI:0000:38:00: GPU-35d73d8a-0000-1111-2222-333344445555").empty());
  CHECK(line("NVRM: Xid (PCI:0000:38:00): 31, pid=7, name=python, Ch 1")
            .find("hw.pci.address=0000:38:00,hw.id=GPU-35d73d8a-0000-1111-2222-333344445555,") != std::string::npos);
  CHECK(line("NVRM: Xid (PCI:0000:39:00): 31, pid=7").find("hw.id") == std::string::npos);
  CHECK(line("NVRM: GPU 0000:38:00.0: GPU has fallen off the bus.") ==
        "hw.gpu.lost 17 {hw.type=gpu,hw.vendor=NVIDIA,hw.pci.address=0000:38:00.0,"
        "hw.id=GPU-35d73d8a-0000-1111-2222-333344445555}");
}

TEST_CASE("an NVSwitch's SXid says which link, and whether it is fatal") {
  Lines line;
  CHECK(line("nvidia-nvswitch1: SXid (PCI:0000:06:00.0): 20034, Fatal, Link 48 LTSSM Fault Up") ==
        "hw.nvswitch.sxid 21 {hw.type=network,hw.vendor=NVIDIA,hw.pci.address=0000:06:00.0,"
        "hw.nvswitch.sxid.code=20034,hw.nvswitch.sxid.is_fatal=true,hw.nvswitch.link=48}");
  CHECK(
      line("nvidia-nvswitch0: SXid (PCI:0000:05:00.0): 12028, Non-fatal, Link 32 egress").find("hw.nvswitch.sxid 17") ==
      0);
}

TEST_CASE("what the kernel kills for memory is told with its container and pod, in both lines") {
  Lines line;
  const std::string id(64, 'a');
  const std::string cgroup =
      "/kubepods.slice/kubepods-pod2f3a4b5c_0d1e_4f60_8a9b_0c1d2e3f4a5b.slice/cri-containerd-" + id + ".scope";
  CHECK(
      line("oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0-1,oom_memcg=/kubepods.slice,"
           "task_memcg=" +
           cgroup + ",task=python,pid=123,uid=0") ==
      "oom.victim 17 {process.pid=123,process.executable.name=python,oom.constraint=CONSTRAINT_MEMCG,process.cgroup=" +
          cgroup + ",oom.cgroup=/kubepods.slice}");
  CHECK(line.subject.owner.container == id);
  CHECK(line("Memory cgroup out of memory: Killed process 123 (python) total-vm:9kB, anon-rss:2048kB, file-rss:1024kB, "
             "shmem-rss:0kB, UID:0 pgtables:1kB oom_score_adj:9") ==
        "oom.kill 17 {process.pid=123,process.executable.name=python,oom.is_of_cgroup=true,"
        "process.memory.usage=3145728}");
  CHECK(line.subject.owner.container == id);
  CHECK(line.subject.owner.pod_uid == "2f3a4b5c-0d1e-4f60-8a9b-0c1d2e3f4a5b");
  CHECK(line("Out of memory: Killed process 123 (a b), UID 0") ==
        "oom.kill 17 {process.pid=123,process.executable.name=a b,oom.is_of_cgroup=false}");
  CHECK(line.subject.owner.container.empty());
}

TEST_CASE("PCIe errors say how bad they are and of which device") {
  Lines line;
  CHECK(line("pcieport 0000:00:1c.0: AER: Corrected error received: 0000:38:00.0") ==
        "hw.pcie.aer 13 {hw.pci.address=0000:38:00.0,hw.pcie.error.severity=corrected}");
  CHECK(line("pcieport 0000:00:1c.0: AER: Multiple Uncorrected (Fatal) error received: 0000:38:00.0") ==
        "hw.pcie.aer 21 {hw.pci.address=0000:38:00.0,hw.pcie.error.severity=fatal}");
  CHECK(line("pcieport 0000:00:1c.0: AER: Uncorrectable (Non-Fatal) error message received from 0000:38:00.0")
            .find("hw.pcie.error.severity=non_fatal") != std::string::npos);
  CHECK(line("nvidia 0000:38:00.0: PCIe Bus Error: severity=Corrected, type=Data Link Layer, (Transmitter ID)") ==
        "hw.pcie.aer 13 {hw.pcie.error.type=Data Link Layer,hw.pcie.error.agent=Transmitter ID,"
        "hw.pci.address=0000:38:00.0,hw.pcie.error.severity=corrected}");
  CHECK(line("nvme 0000:3a:00.0: AER: PCIe Bus Error: severity=Uncorrected (Non-Fatal), type=Transaction Layer, "
             "id=3a00(Requester ID)")
            .find("hw.pcie.aer 17 ") == 0);
}

TEST_CASE("links of the network go up and down") {
  Lines line;
  CHECK(line("mlx5_core 0000:12:00.0 eth2: Link down") ==
        "network.link 13 {network.interface.name=eth2,network.link.state=down}");
  CHECK(line("r8169 0000:02:00.0 enp2s0: Link is Up - 1Gbps/Full - flow control rx/tx") ==
        "network.link 9 {network.interface.name=enp2s0,network.link.state=up,network.link.speed=1000000000}");
  CHECK(line("e1000e: eth0 NIC Link is Up 1000 Mbps Full Duplex, Flow Control: None") ==
        "network.link 9 {network.interface.name=eth0,network.link.state=up,network.link.speed=1000000000}");
  CHECK(line("eth0: Link is Down") == "network.link 13 {network.interface.name=eth0,network.link.state=down}");
  CHECK(line("bond0: (slave eth1): link status definitely down for interface eth1, disabling it") ==
        "network.link 13 {network.interface.name=eth1,network.link.state=down}");
  CHECK(line("infiniband mlx5_0: Port: 1 Link DOWN") ==
        "network.link 13 {network.interface.port=1,network.interface.name=mlx5_0,network.link.state=down}");
  CHECK(line("ata1: SATA link down (SStatus 0 SControl 300)").empty());
  CHECK(line("IPv6: ADDRCONF(NETDEV_CHANGE): eth0: link becomes ready").empty());
  CHECK(line("pcieport 0000:00:01.0: pciehp: Slot(1): Link Down").empty());
}

TEST_CASE("tasks and CPUs that hang are told with their process") {
  Lines line;
  CHECK(line("INFO: task kworker/u8:2:1234 blocked for more than 120 seconds.") ==
        "process.hung 17 {process.pid=1234,process.executable.name=kworker/u8:2,process.hung.seconds=120}");
  CHECK(line("watchdog: BUG: soft lockup - CPU#3 stuck for 22s! [python:77]") ==
        "cpu.lockup 17 {cpu.logical_number=3,cpu.lockup.seconds=22,process.pid=77,process.executable.name=python}");
}

TEST_CASE("file servers that stop answering, and that answer again") {
  Lines line;
  CHECK(line("nfs: server fs-1.example not responding, still trying") ==
        "storage.not_responding 17 {storage.type=nfs,server.address=fs-1.example}");
  CHECK(line("nfs: server fs-1.example OK") == "storage.recovered 9 {storage.type=nfs,server.address=fs-1.example}");
  CHECK(line("Lustre: fsx-OST0001-osc-ff: Connection to fsx-OST0001 (at 10.0.0.5@tcp) was lost; in progress operations "
             "using this service will wait for recovery to complete") ==
        "storage.not_responding 17 {storage.type=lustre,server.address=fsx-OST0001,network.peer.address=10.0.0.5@tcp}");
  CHECK(line("Lustre: fsx-OST0001-osc-ff: Connection restored to fsx-OST0001 (at 10.0.0.5@tcp)")
            .find("storage.recovered") == 0);
}

TEST_CASE("other messages are no events") {
  Lines line;
  for (const char* text :
       {"", "usb 1-1: new high-speed USB device", "NVRM: loading NVIDIA UNIX x86_64 Kernel Module", "NVRM: Xid",
        "oom-kill:", "Killed process", "AER: enabled with IRQ 24", "a link to something"})
    CHECK_MESSAGE(line(text).empty(), text);
}

}  // namespace
}  // namespace rankwire::kmsg
