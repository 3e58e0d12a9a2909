# SPDX-License-Identifier: MIT
"""What WS1 sends and receives: tcpdump in its network namespace, read by tshark.

    with Capture() as wire:
        logon("CONTOSO\\\\alice")
    wire.kerberos("TGS-REQ")        # messages, oldest first
    wire.kdc_seconds(start, end)    # how long KDCs were being waited for
"""
import collections
import csv
import dataclasses
import os
import signal
import subprocess
import tempfile
import time

from lab import settings

TYPES = {10: "AS-REQ", 11: "AS-REP", 12: "TGS-REQ", 13: "TGS-REP", 14: "AP-REQ", 15: "AP-REP",
         30: "KRB-ERROR"}
REQUESTS = ("AS-REQ", "TGS-REQ")
REPLIES = ("AS-REP", "TGS-REP", "KRB-ERROR")
FIELDS = ("frame.time_epoch ip.src ip.dst tcp.srcport tcp.dstport tcp.stream tcp.len "
          "tcp.flags.syn tcp.flags.ack udp.srcport udp.dstport udp.stream udp.length "
          "kerberos.msg_type kerberos.error_code kerberos.CNameString kerberos.SNameString "
          "dns.qry.name kerberos.padata_type kerberos.ENCTYPE").split()
QUIET_SECONDS = 0.2  # what is still on its way when the logon has ended
WORKER_SECONDS = 20  # within which the worker of an earlier logon ends


@dataclasses.dataclass
class Packet:
    time: float
    source: str
    target: str
    proto: str  # "tcp", "udp" or ""
    from_port: int
    to_port: int
    stream: str
    payload: int
    syn: bool  # opens a connection
    message: str  # of Kerberos, "" for anything else
    error: int
    client: str  # as named in an AS-REQ
    service: str  # "krbtgt/FABRIKAM.TEST", as asked for
    question: str  # the name in a DNS packet
    padata: set  # types of the padata that can be seen
    offered: set  # encryption types that a request offers


def _number(text):
    return int(text.split(",")[0], 0) if text else 0


def _numbers(text):
    return {int(number, 0) for number in text.split(",") if number}


def _packet(row):
    tcp = bool(row["tcp.srcport"])
    proto = "tcp" if tcp else "udp" if row["udp.srcport"] else ""
    payload = _number(row["tcp.len"]) if tcp else max(0, _number(row["udp.length"]) - 8)
    message = TYPES.get(_number(row["kerberos.msg_type"]), "")
    names = row["kerberos.SNameString"].split(",")
    # A TGS-REQ shows the name in the ticket that it brings before the one it asks for.
    service = "/".join(names[2:] if message == "TGS-REQ" else names)
    return Packet(float(row["frame.time_epoch"]), row["ip.src"], row["ip.dst"], proto,
                  _number(row[f"{proto}.srcport"]) if proto else 0,
                  _number(row[f"{proto}.dstport"]) if proto else 0,
                  f"{proto}{row[f'{proto}.stream']}" if proto else "", payload,
                  _number(row["tcp.flags.syn"]) == 1 and _number(row["tcp.flags.ack"]) == 0,
                  message, _number(row["kerberos.error_code"]),
                  row["kerberos.CNameString"].split(",")[0], service, row["dns.qry.name"],
                  _numbers(row["kerberos.padata_type"]), _numbers(row["kerberos.ENCTYPE"]))


class Capture:
    def __init__(self, lab, host="ws1"):
        self.lab, self.host = lab, host
        self.packets = []
        self._file = self._process = None

    def __enter__(self):
        self._wait_for_workers()
        self._file = tempfile.NamedTemporaryFile(suffix=".pcap")
        # Only the network is the host's: the process stays this one's own child.
        self._process = subprocess.Popen(
            ["nsenter", "-t", str(self.lab.pid(self.host)), "-n", "--", "tcpdump", "-i", "any",
             "-n", "-s", "0", "-U", "-B", "16384", "--immediate-mode", "-Z", "root", "-w", "-"],
            stdin=subprocess.DEVNULL, stdout=self._file, stderr=subprocess.PIPE, text=True)
        for line in self._process.stderr:
            if "listening on" in line:
                return self
        raise RuntimeError("tcpdump does not start")

    def __exit__(self, *_):
        time.sleep(QUIET_SECONDS)
        self._wait_for_mark()
        self._process.send_signal(signal.SIGINT)
        said = self._process.communicate(timeout=60)[1]
        if "0 packets dropped by kernel" not in said:
            raise RuntimeError(f"the capture has holes: {said}")
        self.packets = self._read()
        self._file.seek(0)
        self.bytes = self._file.read()  # everything that passed, as it passed
        self._file.close()

    def _wait_for_workers(self):
        """The worker of a logon reads the names of the user's groups after its answer: what a
        capture shows is to be of what it was made for. One that waits for tickets goes on."""
        deadline = time.monotonic() + WORKER_SECONDS
        busy = "for pid in $(pgrep -x trustlogond); do " \
            "pgrep -x -P $pid trustlogond && exit 0; done; exit 1"
        while time.monotonic() < deadline and \
                self.lab.run(self.host, "sh", "-c", busy, check=False).returncode == 0:
            time.sleep(0.05)

    def _wait_for_mark(self):
        """tcpdump reads at leisure: what was sent before a packet of ours is in the file when
        that one is. It goes over the loopback, which nothing else uses."""
        mark = os.urandom(16)
        send = f"import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); " \
            f"s.sendto(bytes.fromhex('{mark.hex()}'), ('127.0.0.1', 9))"
        subprocess.run(["nsenter", "-t", str(self.lab.pid(self.host)), "-n", "--",
                        "/usr/bin/python3", "-I", "-c", send], check=True, timeout=60)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with open(self._file.name, "rb") as packets:
                if mark in packets.read():
                    return
            time.sleep(0.02)
        raise RuntimeError("the capture does not go on")

    def _read(self):
        command = ["tshark", "-n", "-r", self._file.name, "-T", "fields", "-E", "separator=/t",
                   "-E", "occurrence=a", "-E", "aggregator=,"]
        for field in FIELDS:
            command += ["-e", field]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60,
                              env={**os.environ, "HOME": "/nonexistent", "LC_ALL": "C.UTF-8"})
        rows = csv.reader(done.stdout.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
        packets = [_packet(dict(zip(FIELDS, row))) for row in rows]
        return [p for p in packets if not p.source.startswith("127.")]

    # --- questions ---------------------------------------------------------

    def kerberos(self, *messages):
        return [p for p in self.packets if p.message and (not messages or p.message in messages)]

    def exchanges(self):
        """The kinds of request sent, in order."""
        return [p.message for p in self.kerberos(*REQUESTS)]

    def connections(self, port):
        return len({p.stream for p in self.packets if p.syn and p.to_port == port})

    def port(self, port, proto=None):
        return [p for p in self.packets
                if port in (p.from_port, p.to_port) and proto in (None, p.proto)]

    def waits(self):
        """(request sent, reply received) at port 88, of each exchange that was answered."""
        asked, waits = {}, []
        for p in self.packets:
            if not p.payload:
                continue
            if p.to_port == 88:
                asked.setdefault(p.stream, p.time)
            elif p.from_port == 88 and p.stream in asked:
                waits.append([asked.pop(p.stream), p.time])
        return waits

    def kdc_seconds(self, start, end):
        """How much of this stretch of time some KDC owed an answer."""
        total, until = 0.0, start
        for asked, answered in sorted(self.waits()):
            asked, answered = max(asked, until), min(answered, end)
            if answered > asked:
                total += answered - asked
                until = answered
        return total

    def count(self, start, end):
        """What left WS1 in this stretch: KDC exchanges, connections to them, DNS, LDAP."""
        found = collections.Counter()
        for p in self.packets:
            if start <= p.time <= end and p.source == self.address():
                found["kdc"] += p.to_port == 88 and p.message in REQUESTS
                found["connections"] += p.syn and p.to_port == 88
                found["dns"] += p.to_port == 53 and p.payload > 0
                found["ldap"] += p.to_port in (389, 636, 3268) and p.payload > 0
                found["rpc"] += p.to_port in (135, 445) or (p.to_port > 49151 and p.syn)
        return found

    def address(self):
        return settings.HOSTS[self.host]["address"]

    def __str__(self):
        start = self.packets[0].time if self.packets else 0
        return "\n".join(f"{1000 * (p.time - start):8.1f} ms {p.source} > {p.target}:{p.to_port} "
                         f"{p.proto} {'SYN' if p.syn else ''}{p.message} {p.error or ''} {p.service}"
                         for p in self.packets if p.syn or p.payload)
