// disk, filesystem, nfs, paging, processes and system: what they make of the kernel's files.
#include <sys/statvfs.h>

#include "receivers/host_metrics/host_fixture.hpp"

namespace rankwire::host_metrics {
namespace {

bool has(const Lines& lines, const std::string& line) {
  return std::find(lines.begin(), lines.end(), line) != lines.end();
}

TEST_CASE("disk: bytes, operations and times of each device that was ever used") {
  HostFixture f("{disk: }");
  f.put("/proc/diskstats",
        "   7       0 loop0 0 0 0 0 0 0 0 0 0 0 0\n"
        " 259       0 nvme0n1 10 1 8 1500 20 2 16 2500 3 4000 5000 0 0 0 0 6 7\n"
        " 259       1 nvme0n1p1 1 0 0 0 0 0 0 0 0 0 0\n broken\n");
  const Lines lines = f.scrape();
  CHECK(lines.size() == 22);
  CHECK(has(lines, "system.disk.io{device=nvme0n1,direction=read} 4096"));
  CHECK(has(lines, "system.disk.io{device=nvme0n1,direction=write} 8192"));
  CHECK(has(lines, "system.disk.operations{device=nvme0n1,direction=write} 20"));
  CHECK(has(lines, "system.disk.merged{device=nvme0n1,direction=read} 1"));
  CHECK(has(lines, "system.disk.operation_time{device=nvme0n1,direction=write} 2.5r"));
  CHECK(has(lines, "system.disk.io_time{device=nvme0n1} 4r"));
  CHECK(has(lines, "system.disk.weighted_io_time{device=nvme0n1} 5r"));
  CHECK(has(lines, "system.disk.pending_operations{device=nvme0n1} 3"));
  f.configure(
      "{disk: {include: {devices: [^nvme], match_type: regexp}, exclude: {devices: [nvme0n1], match_type: strict}}}");
  CHECK(f.scrape("system.disk.io{").front() == "system.disk.io{device=nvme0n1p1,direction=read} 0");
  CHECK(f.scrape().size() == 11);
}

constexpr const char* mounts =
    "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/root rw\n"
    "23 22 0:20 / /proc rw,nosuid - proc proc rw\n"
    "24 22 8:2 / /data\\040two ro,relatime - xfs /dev/mapper/vg-data rw\n"
    "25 22 8:1 /var/lib/x /bound rw - ext4 /dev/root rw\n"
    "26 22 0:30 /@ /sub rw - btrfs /dev/sdc rw\n"
    "27 22 0:30 /@home /sub2 rw - btrfs /dev/sdc rw\n"
    "28 22 8:9 / /gone rw - ext4 /dev/sdd rw\n"
    "garbage\n";

TEST_CASE("filesystem: what is mounted from devices, each once, under its real name") {
  HostFixture f("{filesystem: {metrics: {system.filesystem.utilization: {enabled: true}}}}");
  f.put("/proc/1/mountinfo", mounts);
  f.link("/sys/dev/block/8:1", "../../devices/pci/block/nvme0n1/nvme0n1p1");
  f.link("/dev/mapper/vg-data", "../dm-3");
  for (const char* point : {"/data two", "/bound", "/sub", "/sub2"})
    std::filesystem::create_directories(f.path() + point);
  const Lines lines = f.scrape();
  CHECK(f.problems.empty());
  CHECK(lines.size() == 3 * 6);
  struct statvfs raw;
  REQUIRE(::statvfs(f.path().c_str(), &raw) == 0);
  const std::string end = std::to_string((raw.f_bfree - raw.f_bavail) * raw.f_frsize);
  CHECK(has(lines,
            "system.filesystem.usage{device=/dev/nvme0n1p1,mode=rw,mountpoint=/,type=ext4,state=reserved} " + end));
  const auto begins = [&](const std::string& part) {
    return std::count_if(lines.begin(), lines.end(), [&](const std::string& line) { return line.starts_with(part); });
  };
  CHECK(begins("system.filesystem.usage{device=/dev/dm-3,mode=ro,mountpoint=/data two,type=xfs,state=used}") == 1);
  CHECK(begins("system.filesystem.utilization{device=/dev/sdc,mode=rw,mountpoint=/sub,type=btrfs}") == 1);
  CHECK(begins("system.filesystem.inodes.usage{device=/dev/sdc,mode=rw,mountpoint=/sub,type=btrfs,state=") == 2);
}

TEST_CASE("filesystem: filters by device, type and mount point, and what has no device") {
  HostFixture f("{filesystem: {include_fs_types: {fs_types: [proc], match_type: strict}}}");
  f.put("/proc/self/mountinfo", mounts);
  CHECK(f.scrape().empty());
  f.configure(
      "{filesystem: {include_virtual_filesystems: true, include_fs_types: {fs_types: [proc], match_type: strict}}}");
  CHECK(f.scrape("system.filesystem.usage{device=proc,mode=rw,mountpoint=/proc,type=proc").size() == 3);
  f.configure(
      "{filesystem: {exclude_mount_points: {mount_points: ['^/sub'], match_type: regexp}, exclude_devices: {devices: "
      "[/dev/root], match_type: strict}, exclude_fs_types: {fs_types: [xfs], match_type: strict}}}");
  CHECK(f.scrape().empty());
  f.configure(
      "{filesystem: {include_mount_points: {mount_points: [/], match_type: strict}, include_devices: {devices: [root], "
      "match_type: regexp}}}");
  CHECK(f.scrape().size() == 5);
  f.remove("/proc");
  CHECK(f.scrape().empty());
  CHECK(f.has_problem("mountinfo"));
}

TEST_CASE("paging: swap space, and what the kernel counted") {
  HostFixture f("{paging: {metrics: {system.paging.utilization: {enabled: true}}}}");
  f.put("/proc/swaps", "Filename Type Size Used Priority\n/dev/sda2 partition 1000 250 -2\n/swapfile file 0 0 -3\n");
  f.put("/proc/vmstat", "nr_free_pages 5\npgpgin 100\npgpgout 200\npswpin 3\npswpout 4\npgfault 1000\npgmajfault 10\n");
  CHECK(f.scrape() == Lines{"system.paging.usage{device=/dev/sda2,state=used} 256000",
                            "system.paging.usage{device=/dev/sda2,state=free} 768000",
                            "system.paging.utilization{device=/dev/sda2,state=used} 0.25r",
                            "system.paging.utilization{device=/dev/sda2,state=free} 0.75r",
                            "system.paging.operations{direction=page_in,type=major} 3",
                            "system.paging.operations{direction=page_out,type=major} 4",
                            "system.paging.operations{direction=page_in,type=minor} 100",
                            "system.paging.operations{direction=page_out,type=minor} 200",
                            "system.paging.faults{type=major} 10", "system.paging.faults{type=minor} 990"});
  f.remove("/proc/swaps");
  CHECK(f.scrape().size() == 6);
  CHECK(f.has_problem("/proc/swaps"));
}

TEST_CASE("processes: by state, and how many were made") {
  HostFixture f("{processes: }");
  f.put("/proc/stat", "cpu  1\nbtime 1600000000\nprocesses 77\nprocs_running 2\nprocs_blocked 1\n");
  const char* const states[] = {"S", "S", "Z", "I", "R", "D", "t", "X"};
  for (int i = 0; i < 8; ++i)
    f.put("/proc/" + std::to_string(10 + i) + "/stat", std::to_string(10 + i) + " (a (b) c) " + states[i] + " 1 0\n");
  f.put("/proc/99/stat", "");
  f.put("/proc/sys/stat", "1 (a) S\n");
  CHECK(f.scrape() == Lines{"system.processes.created{} 77", "system.processes.count{status=blocked} 1",
                            "system.processes.count{status=idle} 1", "system.processes.count{status=running} 2",
                            "system.processes.count{status=sleeping} 2", "system.processes.count{status=stopped} 1",
                            "system.processes.count{status=unknown} 1", "system.processes.count{status=zombies} 1"});
}

TEST_CASE("system: how long the machine has been running") {
  HostFixture f("{system: }");
  f.put("/proc/uptime", "350735.47 234388.90\n");
  CHECK(f.scrape() == Lines{"system.uptime{} 350735r"});
}

TEST_CASE("nfs: client and server, by version and name") {
  HostFixture f("{nfs: }");
  CHECK(f.scrape().empty());
  CHECK(f.problems.empty());
  f.put("/proc/1/net/rpc/nfs", "net 8 843 666 157\nrpc 220 790 662\nproc3 22 191 360\nproc4 2 320 829\n");
  f.put("/proc/1/net/rpc/nfsd",
        "rc 795 819 351\nfh 709 9 178\nio 111 464\nth 261 0.000\nnet 1 430 26 597\nrpc 874 367 960 94 748\n"
        "proc4 2 512 878\nproc4ops 5 1 2 3 978 86\n");
  const Lines lines = f.scrape();
  CHECK(has(lines, "nfs.client.net.count{network.transport=udp} 843"));
  CHECK(has(lines, "nfs.client.net.tcp.connection.accepted{} 157"));
  CHECK(has(lines, "nfs.client.rpc.retransmit.count{} 790"));
  CHECK(has(lines, "nfs.client.procedure.count{onc_rpc.version=3,onc_rpc.procedure.name=GETATTR} 360"));
  CHECK(has(lines, "nfs.client.operation.count{onc_rpc.version=4,nfs.operation.name=READ} 829"));
  CHECK(has(lines, "nfs.server.repcache.requests{nfs.server.repcache.status=miss} 819"));
  CHECK(has(lines, "nfs.server.fh.stale.count{} 709"));
  CHECK(has(lines, "nfs.server.io{network.io.direction=transmit} 464"));
  CHECK(has(lines, "nfs.server.thread.count{} 261"));
  CHECK(has(lines, "nfs.server.rpc.count{error.type=client} 748"));
  CHECK(has(lines, "nfs.server.procedure.count{onc_rpc.version=4,onc_rpc.procedure.name=COMPOUND} 878"));
  CHECK(has(lines, "nfs.server.operation.count{onc_rpc.version=4,nfs.operation.name=ACCESS} 978"));
  CHECK(lines.size() == 27);
}

}  // namespace
}  // namespace rankwire::host_metrics
