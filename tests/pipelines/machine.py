"""What the detector `system` should find on this machine, asked for in other ways than it does. None: nothing."""

import array
import fcntl
import ipaddress
import os
import socket
import struct

SIOCGIFCONF, SIOCGIFFLAGS, SIOCGIFHWADDR = 0x8912, 0x8913, 0x8927
IFF_UP, IFF_LOOPBACK = 1, 8
ENTRY = 40  # Bytes of a struct ifreq.


def text_of(path):
    try:
        with open(path) as file:
            return file.read().strip()
    except OSError:
        return ""


def pairs_of(path, separator):
    """Of each key the first value, without quotes."""
    pairs = {}
    for line in text_of(path).splitlines():
        key, found, value = line.partition(separator)
        if found:
            pairs.setdefault(key.strip(), value.strip().strip("\"'"))
    return pairs


class Interfaces:
    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.names = [name for _, name in socket.if_nameindex()]
        with self.socket:
            self.used = [name for name in self.names if self.flags(name) & (IFF_UP | IFF_LOOPBACK) == IFF_UP]
            self.hardware = [mac for mac in map(self.mac, self.used) if mac]
            self.addresses = self.ip4() + self.ip6()

    def asked(self, request, name):
        return fcntl.ioctl(self.socket, request, struct.pack("16s24x", name.encode()))

    def flags(self, name):
        return struct.unpack_from("H", self.asked(SIOCGIFFLAGS, name), 16)[0]

    def mac(self, name):
        kind, *octets = struct.unpack_from("H6B", self.asked(SIOCGIFHWADDR, name), 16)
        return "-".join(f"{octet:02X}" for octet in octets) if kind == 1 else None

    def ip4(self):
        room = array.array("B", bytes(ENTRY * 256))
        answer = fcntl.ioctl(self.socket, SIOCGIFCONF, struct.pack("iL", len(room), room.buffer_info()[0]))
        data = room.tobytes()[: struct.unpack_from("i", answer)[0]]
        entries = [data[at : at + ENTRY] for at in range(0, len(data), ENTRY)]
        return [
            socket.inet_ntoa(entry[20:24])
            for entry in entries
            if entry[:16].rstrip(b"\0").decode().partition(":")[0] in self.used
        ]

    def ip6(self):
        lines = [line.split() for line in text_of("/proc/net/if_inet6").splitlines()]
        return [str(ipaddress.ip_address(bytes.fromhex(line[0]))) for line in lines if line[-1] in self.used]


def facts():
    system, release, cpu = os.uname(), pairs_of("/etc/os-release", "="), pairs_of("/proc/cpuinfo", ":")
    kernel = " ".join((system.sysname, system.nodename, system.release, system.version, system.machine))
    pretty, cache = release.get("PRETTY_NAME"), cpu.get("cache size", "").split()
    debian = text_of("/etc/debian_version") if release.get("ID") == "debian" else ""
    interfaces = Interfaces()
    return {
        "$HOST": socket.gethostname(),
        "$ARCH": {"x86_64": "amd64", "aarch64": "arm64"}[system.machine],
        "$HOST_ID": text_of("/etc/machine-id") or text_of("/var/lib/dbus/machine-id") or None,
        "$OS_NAME": release.get("ID"),
        "$OS_VERSION": debian or release.get("VERSION_ID"),
        "$OS_BUILD": release.get("BUILD_ID", system.release),
        "$OS_DESCRIPTION": f"{pretty} ({kernel})" if pretty else kernel,
        "$CPU_VENDOR": cpu.get("vendor_id"),
        "$CPU_FAMILY": cpu.get("cpu family"),
        "$CPU_MODEL": cpu.get("model"),
        "$CPU_NAME": cpu.get("model name"),
        "$CPU_STEPPING": cpu.get("stepping"),
        "$CPU_CACHE": int(cache[0]) if cache else None,
        "$INTERFACES": interfaces.names,
        "$ADDRESSES": list(dict.fromkeys(interfaces.addresses)) or None,
        "$HARDWARE": list(dict.fromkeys(interfaces.hardware)) or None,
    }
